/** A notebook: its cells and what they put out. Pictures and text are shown; markup and scripts of an output are not, its plain text is. */

import { useAnswer } from "../ground/api.js";
import { html, useMemo } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { Markdown } from "../parts/markdown.js";
import { read } from "./bytes.js";
import { drawn, joined } from "./cells.js";
import { language, pieces } from "./colouring.js";
import { MOST as MOST_PIXELS, pixels } from "./extent.js";
import Text from "./text.js";

const MOST = 20_000_000;
/** Letters of one output. */
const LONG = 20_000;

/** Without what colours a terminal. @param {string} text */
const uncoloured = (text) => text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, "");
const python = language("x.py");

/** @param {import("./kinds.js").PreviewProps} props */
export default function Notebook(props) {
  const { file, url } = props;
  const { data, error, again } = useAnswer([url, file.digest], async (signal) => (await read(url, file.file_size ?? 0, MOST, signal)).text);
  const cells = useMemo(() => {
    try {
      const found = data === undefined ? [] : JSON.parse(data);
      return Array.isArray(found.cells) ? found.cells.filter((/** @type {any} */ one) => typeof one === "object" && one !== null) : data === undefined ? [] : null;
    } catch {
      return null;
    }
  }, [data]);
  const shown = useMemo(() => drawn(cells ?? []), [cells]);
  if (error) return html`<div class="inside"><${Trouble} error=${error} again=${again} /></div>`;
  if (data === undefined) return html`<div class="inside"><${Skeleton} rows=${10} /></div>`;
  if (cells === null) return html`<${Text} ...${props} />`;
  return html`<div class="inside column notebook">
    ${shown.map((one, at) => html`<${Cell} key=${at} ...${one} />`)}
    ${cells.length > shown.length && html`<p class="quiet small">The first ${shown.length} of ${cells.length} cells.</p>`}
  </div>`;
}

/** @param {{cell: any, source: string, plain: boolean}} props */
function Cell({ cell, source: whole, plain }) {
  const source = whole.slice(0, 5 * LONG);
  if (cell.cell_type === "markdown" && !plain) return html`<${Markdown} text=${source} />`;
  if (cell.cell_type !== "code") return html`<div class="notebook-text">${source}</div>`;
  const outputs = Array.isArray(cell.outputs) ? cell.outputs.slice(0, 50) : [];
  let state = "";
  const lines = plain ? source : source.split("\n").map((line) => {
    const found = pieces(line, python, state);
    state = found.state;
    return html`${found.pieces.map(({ kind, text }) => (kind ? html`<span class=${`code-${kind}`}>${text}</span>` : text))}${"\n"}`;
  });
  return html`<div class="notebook-cell">
    <span class="quiet small number mono">${typeof cell.execution_count === "number" ? `[${cell.execution_count}]` : ""}</span>
    <div class="column">
      <pre class="code"><code>${lines}</code></pre>
      ${outputs.map((/** @type {any} */ one, /** @type {number} */ at) => html`<${Output} key=${at} output=${one} />`)}
    </div>
  </div>`;
}

/** @param {{output: any}} props */
function Output({ output }) {
  const data = output?.data ?? {};
  for (const kind of ["image/png", "image/jpeg", "image/gif", "image/webp"]) {
    const said = joined(data[kind]).replace(/\s/g, "");
    if (!said || !/^[A-Za-z0-9+/=]+$/.test(said)) continue;
    const count = pixels(said);
    return count > MOST_PIXELS
      ? html`<p class="quiet small">A picture of ${count.toLocaleString("en")} pixels, which would take all of the browser's memory.</p>`
      : html`<img class="whole" src=${`data:${kind};base64,${said}`} alt=${joined(data["text/plain"]).slice(0, 200) || "Output"} />`;
  }
  const drawing = joined(data["image/svg+xml"]);
  if (drawing) return html`<img class="whole" src=${`data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`} alt="Output" />`;
  const text = output?.output_type === "error" ? joined(output.traceback?.map?.((/** @type {any} */ line) => `${joined(line)}\n`)) || `${joined(output.ename)}: ${joined(output.evalue)}` : joined(output?.text ?? data["text/plain"] ?? data["text/markdown"] ?? data["text/latex"]);
  if (!text) return data["text/html"] ? html`<p class="quiet small">An output that is HTML, which is not shown.</p>` : null;
  return html`<pre class=${output?.output_type === "error" || output?.name === "stderr" ? "notebook-out bad" : "notebook-out"}><code>${uncoloured(text).slice(0, LONG)}${text.length > LONG ? "\n…" : ""}</code></pre>`;
}
