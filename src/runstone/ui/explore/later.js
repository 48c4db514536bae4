/** The explorer, loaded when somebody goes there: a table of runs does without it. */

import { html, useEffect, useState } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";

/** @typedef {Parameters<typeof import("./explore.js").Explore>[0]} Props */

/** @param {Props} props */
export function Explorer(props) {
  const [shown, setShown] = useState(/** @type {{view: typeof import("./explore.js").Explore} | null} */ (null));
  const [failed, setFailed] = useState(/** @type {Error | null} */ (null));
  useEffect(() => void import("./explore.js").then((module) => setShown({ view: module.Explore }), setFailed), []);
  if (failed) return html`<${Trouble} error=${failed} again=${() => window.location.reload()} />`;
  return shown ? html`<${shown.view} ...${props} />` : html`<${Skeleton} rows=${14} height=${22} />`;
}
