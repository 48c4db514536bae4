/** JSON: a tree that is opened where one looks; a table as MLflow logs it; a figure of plotly's, in words. What is no JSON is text. */

import { useAnswer } from "../ground/api.js";
import { html, useMemo, useState } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { read } from "./bytes.js";
import { figure } from "./figure.js";
import { Sheet } from "./sheet.js";
import Text from "./text.js";
import { cut, Tree } from "./values.js";
import { Ways } from "./ways.js";

const MOST = 5_000_000;
/** Of a table so much is shown. */
const COLUMNS = 200, ROWS = 500;

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
    <${Ways} ways=${ways} way=${way} choose=${setChosen} />
    ${way === "Table" && table ? html`<${Sheet} sheet=${table} />` : way === "Figure" && drawn ? drawn : way === "Tree" ? html`<${Tree} value=${parsed.value} />` : html`<${Text} ...${props} />`}
  </div>`;
}

/** @param {any} value @returns {import("./sheet.js").SheetData | null} */
function asTable(value) {
  if (!Array.isArray(value?.columns) || !Array.isArray(value?.data) || !value.data.every(Array.isArray) || value.data.length === 0) return null;
  const columns = value.columns.slice(0, COLUMNS);
  /** @type {any[][]} */
  const rows = value.data.slice(0, ROWS);
  const numbers = columns.map((/** @type {any} */ _, /** @type {number} */ at) => rows.every((row) => row[at] === null || typeof row[at] === "number"));
  return {
    columns: columns.map((/** @type {any} */ name, /** @type {number} */ at) => ({ name: plain(name) ?? "", number: numbers[at] })),
    rows: rows.map((row) => columns.map((/** @type {any} */ _, /** @type {number} */ at) => plain(row[at]))),
    total: value.data.length,
  };
}

/** @param {any} cell @returns {string | null} */
function plain(cell) {
  if (cell === null || cell === undefined) return null;
  if (typeof cell !== "object") return cut(String(cell));
  if (cell.type === "image" && typeof cell.filepath === "string") return cut(cell.filepath);
  try {
    return cut(JSON.stringify(cell));
  } catch {
    return "…"; // nested deeper than can be said
  }
}
