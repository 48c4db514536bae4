/**
 * A figure of plotly's, drawn in a cage: a frame with an origin of its own, which holds plotly and is told the figure as data. It reaches nothing,
 * and what it says is taken for what it may be: that it is ready, that it has drawn, a picture, or why it could not.
 */

import { counted } from "../ground/format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../ground/html.js";
import { dark } from "../ground/kept.js";

/** Its address is beside this module's: it has the digest of the page's files in it. */
const STAGE = new URL("../stage.html", import.meta.url).href;

/** The page's colours, as they are now. */
const look = () => {
  const style = getComputedStyle(document.documentElement);
  return { dark: dark.value, ground: style.getPropertyValue("--surface").trim(), text: style.getPropertyValue("--text").trim(), line: style.getPropertyValue("--border").trim() };
};

/** @param {unknown} address a picture as the frame says it @param {string} name */
function save(address, name) {
  if (typeof address !== "string" || !address.startsWith("data:image/png;base64,")) return;
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

/** @param {{figure: import("./figure.js").Figure, path: string}} props */
export function Drawn({ figure, path }) {
  const frame = useRef(/** @type {HTMLIFrameElement | null} */ (null));
  const [ready, setReady] = useState(false);
  const [said, setSaid] = useState(/** @type {{drawn?: boolean, problem?: string}} */ ({}));
  const can = figure.data.length > 0 && !figure.many;
  const tell = (/** @type {object} */ what) => {
    try {
      frame.current?.contentWindow?.postMessage(what, "*");
    } catch (error) { // nested deeper than can be sent
      setSaid({ problem: String(error).slice(0, 300) });
    }
  };
  useLayoutEffect(() => { // there before the frame is
    /** @param {MessageEvent} event */
    const hear = ({ source, data }) => {
      if (!frame.current || source !== frame.current.contentWindow || typeof data !== "object" || data === null) return;
      if (data.ready === true) setReady(true);
      if (data.drawn === true) setSaid({ drawn: true });
      if (typeof data.problem === "string") setSaid({ problem: data.problem.slice(0, 300) });
      save(data.picture, `${path.split("/").at(-1)?.replace(/\.json$/i, "")}.png`);
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  }, []);
  useEffect(() => {
    if (ready) tell({ data: figure.data, layout: figure.layout, frames: figure.frames, look: look() });
  }, [ready, figure, dark.value]);
  const left = figure.left.length > 0 && html`<p class="inside quiet small">${figure.left.join(", ")}: not drawn here. Logged under a name that ends in .html the figure draws itself.</p>`;
  return html`<div class="column">
    ${figure.many && html`<p class="inside quiet">It has more points than are drawn here. Logged under a name that ends in .html it draws itself.</p>`}
    ${said.problem && html`<p class="inside quiet">plotly does not draw it: ${said.problem}</p>`}
    ${left}
    ${can && html`<iframe ref=${frame} class="files-figure" sandbox="allow-scripts" referrerpolicy="no-referrer" src=${STAGE} title=${figure.title || path} style=${{ height: `${figure.height}px` }}></iframe>`}
    <div class="inside row wrap">
      <details class="grow" open=${!can || Boolean(said.problem)}><summary class="small quiet">${counted(figure.facts.filter(([name]) => name.startsWith("Trace ")).length, "trace")}, in words</summary>
        <dl class="facts">${figure.facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></details>
      ${can && html`<span class="small quiet" role="status">${said.drawn || said.problem ? "" : "Drawing…"}</span><button type="button" class="small" disabled=${!said.drawn} onClick=${() => tell({ picture: true })}>PNG</button>`}
    </div>
  </div>`;
}
