/** Two tables cell by cell: of rows that belong together the cells that changed, rows that only one has. */

import { useAnswer } from "../ground/api.js";
import { counted } from "../ground/format.js";
import { html, useMemo, useState } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { inspect } from "../previews/ask.js";
import { asTable } from "../previews/logged.js";
import { alike, comparedCells, keys } from "./cells.js";
import { file, text } from "./runs.js";

/** Rows that are compared, rows of one answer, rows and columns that are drawn. */
const ROWS = 5_000, WINDOW = 1_000, DRAWN = 300, COLUMNS = 40;
const SIGNS = { same: " ", changed: "~", less: "−", more: "+" };
const SAID = { same: "the same", changed: "changed", less: "only in the first", more: "only in the second" };

export const TABLES = /\.(csv|tsv|jsonl|ndjson|parquet|feather|arrow|ipc)$/i;

/**
 * The rows of a run's table, and how many it has.
 * @param {string} owner
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<{columns: string[], rows: (string | null)[][], total: number}>}
 */
async function tableOf(owner, path, signal) {
  if (!TABLES.test(path)) {
    const content = await file(owner, path, signal);
    const found = content && asTable(JSON.parse(text(content)), ROWS);
    if (!found) throw new Error("It is no table any more. Look at its lines.");
    return { columns: found.columns.map(({ name }) => name), rows: found.rows ?? [], total: found.total ?? 0 };
  }
  /** @type {(string | null)[][]} */
  const rows = [];
  for (;;) {
    const { preview } = await inspect(owner, path, rows.length, WINDOW, signal);
    const sheet = preview.sheets?.[0];
    if (!sheet) throw new Error(preview.note || "It cannot be read as a table.");
    const some = sheet.rows ?? [];
    rows.push(...some);
    const total = sheet.total ?? rows.length;
    if (some.length === 0 || rows.length >= Math.min(total, ROWS)) return { columns: sheet.columns.map(({ name }) => name), rows, total };
  }
}

/** @param {{path: string, owners: [string, string]}} props */
export function Tables({ path, owners }) {
  const { data, error, again } = useAnswer(["cells", path, owners], (signal) => Promise.all(owners.map((owner) => tableOf(owner, path, signal))));
  if (error) return html`<${Trouble} error=${error} again=${again} />`;
  if (!data) return html`<${Skeleton} rows=${8} />`;
  return html`<${Cells} left=${data[0]} right=${data[1]} />`;
}

/** How many rows are the same. @param {Table} left @param {Table} right @param {string} key */
const same = (left, right, key) => comparedCells(left, right, key).counts.same;

/** @typedef {Awaited<ReturnType<typeof tableOf>>} Table */

/** @param {{left: Table, right: Table}} props */
function Cells({ left, right }) {
  const [told, setTold] = useState(/** @type {string | null} */ (null));
  const [only, setOnly] = useState(true);
  const choices = useMemo(() => keys(left, right), [left, right]);
  // Until somebody says how: by the first column that tells rows, where more of them are the same then than by their place.
  const best = useMemo(() => (choices.length > 0 && same(left, right, choices[0]) > same(left, right, "") ? choices[0] : ""), [left, right, choices]);
  const key = told ?? best;
  const found = useMemo(() => comparedCells(left, right, key), [left, right, key]);
  const { counts } = found;
  const places = found.columns.map((_, at) => at).filter((at) => !only || found.differ[at] || counts.less + counts.more > 0 || found.columns[at] === key);
  const shown = places.slice(0, COLUMNS);
  const rows = only ? found.rows.filter(({ kind }) => kind !== "same") : found.rows;
  const part = Math.max(left.total - left.rows.length, right.total - right.rows.length) > 0;
  return html`<div class="column">
    <div class="row wrap small">
      <label>Rows belong together by <select aria-label="Rows belong together by" value=${key} onChange=${(/** @type {any} */ event) => setTold(event.target.value)}>
        <option value="">their place</option>${choices.map((name) => html`<option value=${name}>${name}</option>`)}</select></label>
      <label><input type="checkbox" checked=${only} onChange=${() => setOnly(!only)} /> Only differences</label>
      <span class="grow quiet" role="status">${counted(counts.changed, "row")} changed (${counted(found.cells, "cell")}), ${counts.more.toLocaleString("en")} new, ${counts.less.toLocaleString("en")} gone, ${counts.same.toLocaleString("en")} the same</span>
    </div>
    ${found.less.length + found.more.length > 0 && html`<p class="small quiet">${found.less.length > 0 && html`Columns that only the first has: ${found.less.slice(0, COLUMNS).join(", ")}. `}${found.more.length > 0 && html`Columns that only the second has: ${found.more.slice(0, COLUMNS).join(", ")}.`}</p>`}
    ${part && html`<p class="small quiet">The first ${ROWS.toLocaleString("en")} rows of each are compared, of ${left.total.toLocaleString("en")} and ${right.total.toLocaleString("en")}.</p>`}
    ${rows.length === 0
      ? html`<p class="quiet">No cell differs.</p>`
      : html`<div class="scroll cells" tabindex="0" role="region" aria-label="Cells that differ"><table class="plain">
        <thead><tr><th>Row</th>${shown.map((at) => html`<th>${found.columns[at] || "(no name)"}</th>`)}</tr></thead>
        <tbody>${rows.slice(0, DRAWN).map((row) => html`<tr class=${row.kind} key=${`${row.left} ${row.right}`}>
          <td class="count"><span aria-hidden="true">${SIGNS[row.kind]} </span><span class="hidden">${SAID[row.kind]}: </span>${row.left && row.right && row.left !== row.right ? `${row.left} → ${row.right}` : row.left || row.right}</td>
          ${shown.map((at) => html`<${Pair} kind=${row.kind} cell=${row.cells[at]} />`)}
        </tr>`)}</tbody>
      </table></div>`}
    ${(rows.length > DRAWN || places.length > COLUMNS) && html`<p class="small quiet">Shown are ${Math.min(rows.length, DRAWN).toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows and ${shown.length} of ${places.length.toLocaleString("en")} columns.</p>`}
  </div>`;
}

/** @param {{kind: string, cell: [import("./cells.js").Cell, import("./cells.js").Cell]}} props */
function Pair({ kind, cell: [before, after] }) {
  if (kind === "less") return html`<td><del>${word(before)}</del></td>`;
  if (kind === "more") return html`<td><ins>${word(after)}</ins></td>`;
  if (alike(before, after)) return html`<td class="quiet">${word(before)}</td>`;
  return html`<td class="differs"><del>${word(before)}</del> <ins>${word(after)}</ins></td>`;
}

/** @param {import("./cells.js").Cell} cell */
const word = (cell) => cell ?? "null";
