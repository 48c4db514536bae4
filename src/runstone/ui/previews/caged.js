/**
 * A page that somebody logged, in a cage: an origin of its own, no cookies, no storage, and no address that it could ask. The server says
 * the same of it, so that it is caged in a tab of its own as well. Its scripts run when one asks for it, or it is read as text.
 */

import { html, useState } from "../ground/html.js";
import Text from "./text.js";

/** @param {import("./kinds.js").PreviewProps} props */
export default function Caged(props) {
  const [source, setSource] = useState(false);
  return html`<div class="column">
    <div class="inside row wrap files-choice">
      <span class="buttons" role="group" aria-label="How it is shown">
        <button type="button" aria-pressed=${!source} onClick=${() => setSource(false)}>Page</button>
        <button type="button" aria-pressed=${source} onClick=${() => setSource(true)}>Source</button>
      </span>
      <span class="quiet small">It runs apart from this page and reaches nothing: what it would load from elsewhere is missing.</span>
    </div>
    ${source
      ? html`<${Text} ...${props} />`
      : html`<iframe class="files-frame" sandbox="allow-scripts" referrerpolicy="no-referrer" src=${props.shown} title=${props.file.path}></iframe>`}
  </div>`;
}
