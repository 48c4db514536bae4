/** Text and code, with numbers of lines; a little colour for what is said, noted and named. */

import { useAnswer } from "../ground/api.js";
import { size } from "../ground/format.js";
import { classes, html, useLayoutEffect, useMemo, useRef, useState } from "../ground/html.js";
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
  const [end, setEnd] = useState(false);
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const whole = file.file_size ?? 0;
  const { data, error, again } = useAnswer([url, file.digest, whole, most, end], async (signal) => ({ ...(await read(url, whole, most, signal, end)), end }));
  const found = useMemo(() => (data && !data.binary ? data.text.replace(/\n$/, "").split("\n") : []), [data]);
  // While the other end is fetched, what is here stays.
  const last = data?.end ?? false;
  const drawn = useMemo(() => drawnLines(last ? found.slice(-lines) : found.slice(0, lines), language(file.path)), [found, lines, last, file.path]);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = last ? box.current.scrollHeight : 0;
  }, [last]);
  if (error) return html`<div class="inside"><${Trouble} error=${error} again=${again} /></div>`;
  if (!data) return html`<div class="inside"><${Skeleton} rows=${8} /></div>`;
  if (data.binary) return html`<p class="inside quiet">This holds bytes that are no text. It can be downloaded.</p>`;
  if (data.text === "") return html`<p class="inside quiet">The file is empty.</p>`;
  const which = last ? "last" : "first";
  const long = !data.whole || found.length > lines;
  const more = found.length > lines
    ? html`<p class="inside"><button type="button" onClick=${() => setLines(lines + LINES)}>Show more</button></p>`
    : !data.whole && html`<p class="inside">${most < MOST ? html`<button type="button" onClick=${() => setMost(Math.min(MOST, most * 2))}>Show more</button>` : html`<span class="quiet">The rest is not shown. Download the file to read it all.</span>`}</p>`;
  return html`<div>
    <div class="row inside files-choice"><span class="grow quiet small">${found.length > lines ? `The ${which} ${lines.toLocaleString("en")} lines` : data.whole ? "" : `The ${which} ${size(most)} of ${size(whole)}`}</span>
      ${(long || end) && html`<span class="buttons" role="group" aria-label="Which part">${[false, true].map((one) => html`<button type="button" class="small" aria-pressed=${one === end} onClick=${() => setEnd(one)}>${one ? "End" : "Beginning"}</button>`)}</span>`}
      <label class="small quiet"><input type="checkbox" checked=${wrapped} onChange=${() => setWrapped(!wrapped)} /> Wrap lines</label></div>
    ${last && more}
    <div ref=${box} class=${classes("files-text", wrapped && "wrapped", last && long && "unnumbered")} tabindex="0" role="region" aria-label="Text"><ol>${drawn}</ol></div>
    ${!last && more}
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
