/** JSON: a tree that is opened where one looks; a table as MLflow logs it; a figure of plotly's, in words. What is no JSON is text. */

import { useAnswer } from "../ground/api.js";
import { counted } from "../ground/format.js";
import { html, useMemo, useState } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { read } from "./bytes.js";
import { figure } from "./figure.js";
import { Sheet } from "./sheet.js";
import Text from "./text.js";

const MOST = 5_000_000;
/** Members of one list or object that are drawn at once. */
const WIDE = 200;

/** @param {import("./kinds.js").PreviewProps} props */
export default function Json(props) {
  const { file, url } = props;
  const { data, error, again } = useAnswer([url, file.digest], async (signal) => (await read(url, file.file_size ?? 0, MOST, signal)).text);
  const parsed = useMemo(() => {
    try {
      return { value: data === undefined ? undefined : JSON.parse(data) };
    } catch {
      return null;
    }
  }, [data]);
  const [chosen, setChosen] = useState("");
  if (error) return html`<div class="inside"><${Trouble} error=${error} again=${again} /></div>`;
  if (data === undefined) return html`<div class="inside"><${Skeleton} rows=${8} /></div>`;
  if (parsed === null) return html`<${Text} ...${props} />`;
  const table = asTable(parsed.value);
  const drawn = figure(parsed.value);
  const ways = [...(table ? ["Table"] : []), ...(drawn ? ["Figure"] : []), "Tree", "Text"];
  const way = ways.includes(chosen) ? chosen : ways[0];
  return html`<div class="column">
    <div class="inside files-choice"><span class="buttons" role="group" aria-label="How it is shown">
      ${ways.map((one) => html`<button key=${one} type="button" aria-pressed=${one === way} onClick=${() => setChosen(one)}>${one}</button>`)}
    </span></div>
    ${way === "Table" && table ? html`<${Sheet} sheet=${table} />` : way === "Figure" && drawn ? drawn : way === "Tree" ? html`<ul class="inside files-json mono"><${Node} value=${parsed.value} open /></ul>` : html`<${Text} ...${props} />`}
  </div>`;
}

/** @param {any} value @returns {import("./sheet.js").SheetData | null} */
function asTable(value) {
  const columns = value?.columns;
  const rows = value?.data;
  if (!Array.isArray(columns) || !Array.isArray(rows) || !rows.every(Array.isArray) || rows.length === 0) return null;
  const numbers = columns.map((_, at) => rows.every((row) => row[at] === null || typeof row[at] === "number"));
  return {
    columns: columns.map((name, at) => ({ name: String(name), number: numbers[at] })),
    rows: rows.map((row) => columns.map((_, at) => plain(row[at]))),
    total: rows.length,
  };
}

/** @param {any} cell */
const plain = (cell) => (cell === null || cell === undefined ? null : typeof cell === "object" ? (cell.type === "image" && typeof cell.filepath === "string" ? cell.filepath : JSON.stringify(cell)) : String(cell));

/** @param {{name?: string, value: any, open?: boolean}} props */
function Node({ name, value, open: first = false }) {
  const [open, setOpen] = useState(first);
  const [most, setMost] = useState(WIDE);
  const label = name !== undefined && html`<span class="code-name">${name}</span>: `;
  if (value === null || typeof value !== "object") {
    return html`<li>${label}<span class=${typeof value === "string" ? "code-quoted" : "code-digit"}>${typeof value === "string" ? JSON.stringify(value) : String(value)}</span></li>`;
  }
  const list = Array.isArray(value);
  const names = open ? (list ? [...value.keys()].map(String) : Object.keys(value)) : [];
  const count = list ? value.length : Object.keys(value).length;
  return html`<li>
    <button type="button" class="plain files-fold" aria-expanded=${open} onClick=${() => setOpen(!open)}><span aria-hidden="true">${open ? "▾" : "▸"}</span> ${label}<span class="quiet">${list ? `[${counted(count, "item")}]` : `{${counted(count, "name")}}`}</span></button>
    ${open &&
    html`<ul>
      ${names.slice(0, most).map((one) => html`<${Node} key=${one} name=${one} value=${value[one]} />`)}
      ${names.length > most && html`<li><button type="button" class="plain small" onClick=${() => setMost(most + 5 * WIDE)}>${counted(names.length - most, "more")}</button></li>`}
    </ul>`}
  </li>`;
}
