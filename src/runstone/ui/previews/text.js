/** Text and code, with numbers of lines; a little colour for what is said, noted and named. */

import { useAnswer } from "../ground/api.js";
import { size } from "../ground/format.js";
import { html, useMemo, useState } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { read } from "./bytes.js";
import { language, pieces } from "./colouring.js";

/** Bytes that are shown at first, and with each wish for more. */
const FIRST = 256 * 1024;
/** Beyond that a browser is slow to draw; the file can be downloaded. */
const MOST = 8 * FIRST;
/** Of a longer line, which no person wrote, the beginning is shown; of many short ones so many at first, and with each wish for more. */
const LINE = 4_000;
const LINES = 5_000;

/** @param {import("./kinds.js").PreviewProps} props */
export default function Text({ file, url }) {
  const [most, setMost] = useState(FIRST);
  const [wrapped, setWrapped] = useState(false);
  const [lines, setLines] = useState(LINES);
  const whole = file.file_size ?? 0;
  const { data, error, again } = useAnswer([url, file.digest, whole, most], (signal) => read(url, whole, most, signal));
  const found = useMemo(() => (data && !data.binary ? data.text.replace(/\n$/, "").split("\n") : []), [data]);
  const drawn = useMemo(() => drawnLines(found.slice(0, lines), language(file.path)), [found, lines, file.path]);
  if (error) return html`<div class="inside"><${Trouble} error=${error} again=${again} /></div>`;
  if (!data) return html`<div class="inside"><${Skeleton} rows=${8} /></div>`;
  if (data.binary) return html`<p class="inside quiet">This holds bytes that are no text. It can be downloaded.</p>`;
  if (data.text === "") return html`<p class="inside quiet">The file is empty.</p>`;
  return html`<div>
    <div class="row inside files-choice"><span class="grow quiet small">${found.length > lines ? `The first ${lines.toLocaleString("en")} lines` : data.whole ? "" : `The first ${size(most)} of ${size(whole)}`}</span>
      <label class="small quiet"><input type="checkbox" checked=${wrapped} onChange=${() => setWrapped(!wrapped)} /> Wrap lines</label></div>
    <div class=${wrapped ? "files-text wrapped" : "files-text"} tabindex="0" role="region" aria-label="Text"><ol>${drawn}</ol></div>
    ${found.length > lines
      ? html`<p class="inside"><button type="button" onClick=${() => setLines(lines + LINES)}>Show more</button></p>`
      : !data.whole && html`<p class="inside">${most < MOST ? html`<button type="button" onClick=${() => setMost(Math.min(MOST, most * 2))}>Show more</button>` : html`<span class="quiet">The rest is not shown. Download the file to read it all.</span>`}</p>`}
  </div>`;
}

/**
 * @param {string[]} lines
 * @param {import("./colouring.js").Language} spoken
 */
function drawnLines(lines, spoken) {
  let state = "";
  return lines.map((line, at) => {
    const cut = line.length > LINE ? `${line.slice(0, LINE)} …` : line;
    const found = pieces(cut.replace(/\r$/, ""), spoken, state);
    state = found.state;
    return html`<li key=${at}><code>${found.pieces.map(({ kind, text: said }) => (kind ? html`<span class=${`code-${kind}`}>${said}</span>` : said))}${cut === "" ? "\n" : ""}</code></li>`;
  });
}
