/** What the server says of a file that a browser cannot read: facts, tables, what loading it would import. Nothing of it was run. */

import { useAnswer } from "../ground/api.js";
import { html } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { inspect } from "./ask.js";
import { Bitmap } from "./bitmap.js";
import { pictureOf } from "./pixels.js";
import { Rows } from "./rows.js";
import { Sheet } from "./sheet.js";
import Text from "./text.js";
import Unknown from "./unknown.js";

/** Kinds of which the server gives any window of rows. */
const ROWS = new Set(["csv", "tsv", "jsonl", "parquet", "arrow"]);
const FIRST = 100;

/** @param {import("./kinds.js").PreviewProps} props */
export default function Inspected(props) {
  const { owner, file } = props;
  const { data, error, again } = useAnswer(["preview", owner, file.path, file.digest], (signal) => inspect(owner, file.path, 0, FIRST, signal));
  if (error) return html`<div class="inside"><${Trouble} error=${error} again=${again} /></div>`;
  if (!data) return html`<div class="inside"><${Skeleton} rows=${10} /></div>`;
  const { kind = "", facts = [], sheets = [], note, verdict, imports = [], problems = [] } = data.preview;
  const words = note && html`<p class="inside quiet small">${note}</p>`;
  if (!kind) return html`<div>${words}<${/\.(csv|tsv|jsonl|ndjson)$/i.test(file.path) ? Text : Unknown} ...${props} /></div>`;
  const rows = ROWS.has(kind);
  const picture = kind === "npy" ? pictureOf(facts, file.file_size ?? 0) : null;
  return html`<div class="files-inspected">
    ${verdict && html`<${Verdict} verdict=${verdict} imports=${imports} problems=${problems} />`}
    ${facts.length > 0 && html`<dl class="facts inside">${facts.map(({ name, value }) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`}
    ${words}
    ${picture && html`<${Bitmap} file=${file} url=${props.url} picture=${picture} />`}
    ${rows && sheets[0]
      ? html`<${Rows} owner=${owner} file=${file} first=${sheets[0]} />`
      : sheets.map((sheet, at) => html`<${Sheet} key=${at} sheet=${sheet} />`)}
  </div>`;
}

const VERDICTS = /** @type {Record<string, [string, string]>} */ ({
  harmless: ["good", "Harmless: loading this imports nothing but what is known to run nothing else."],
  unknown: ["warn", "Not known: loading this runs code that nobody here knows. Load it if you trust who made it."],
  dangerous: ["bad", "Dangerous: loading this runs what it says, which may be anything. Do not load it unless you made it."],
});

/** @param {{verdict: string, imports: {name: string, verdict: string}[], problems: string[]}} props */
function Verdict({ verdict, imports, problems }) {
  const [kind, words] = VERDICTS[verdict] ?? VERDICTS.unknown;
  return html`<div class="inside column">
    <div class=${`note ${kind}`}>
      <p>${words}</p>
      ${problems.map((one) => html`<p class="small">What is said here may not be all: ${one}.</p>`)}
    </div>
    <p class="quiet small">It was looked through without loading it.</p>
    ${imports.length > 0 &&
    html`<div class="scroll files-imports"><table class="plain">
      <thead><tr><th>Would be imported</th><th>Is</th></tr></thead>
      <tbody>${imports.map(({ name, verdict: said }) => html`<tr key=${name}><td class="mono">${name}</td><td><span class=${`tag verdict-${said}`}>${said}</span></td></tr>`)}</tbody>
    </table></div>`}
  </div>`;
}
