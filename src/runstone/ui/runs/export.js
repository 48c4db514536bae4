/** All runs that the filter finds as a file: read window by window in the order that stands, so that nothing is there twice or missing. */

import { post } from "../ground/api.js";
import { field } from "../ground/csv.js";
import { counted } from "../ground/format.js";
import { html } from "../ground/html.js";
import { Menu } from "../parts/menu.js";
import { save } from "../parts/saving.js";
import { say, tried } from "../parts/toasts.js";

const WINDOW = 1_000;

/** A run's own facts, as they stand in a file. @type {[string, "text" | "time", keyof import("./columns.js").Run][]} */
const FACTS = [
  ["run_id", "text", "run_id"], ["experiment_id", "text", "experiment_id"], ["run_name", "text", "run_name"], ["status", "text", "status"],
  ["start_time", "time", "start_time"], ["end_time", "time", "end_time"], ["user_id", "text", "user_id"], ["parent", "text", "parent"],
];

/** A column's name in a file: params.lr, metrics.loss, metrics.loss.min. @param {import("./columns.js").Column} column */
const title = ({ kind, key, show }) => `${kind}s.${key}${kind === "metric" && show !== "last" ? `.${show}` : ""}`;

/**
 * @param {{asked: import("./rows.js").Asked, stamp: string, columns: import("./columns.js").Column[]}} what
 * @param {(done: number, total: number) => void} told
 */
async function read({ asked, stamp, columns }, told) {
  /** @type {import("./columns.js").Run[]} */
  const rows = [];
  for (let offset = 0, total = Infinity; offset < total; offset += WINDOW) {
    const answer = await post("/runstone/runs/table", { ...asked, nested: false, open: [], columns, stamp, offset, limit: WINDOW });
    for (const row of answer.rows ?? []) rows.push(row);
    total = answer.total ?? 0;
    told(Math.min(offset + WINDOW, total), total);
  }
  return rows;
}

/** @param {import("./columns.js").Run[]} rows @param {import("./columns.js").Column[]} columns */
function csv(rows, columns) {
  const lines = [[...FACTS.map(([name]) => name), ...columns.map(title)].map(field).join(",")];
  for (const row of rows) lines.push([...FACTS.map(([, , key]) => row[key]), ...(row.cells ?? [])].map(field).join(","));
  return [lines.join("\r\n") + "\r\n"];
}

/** @param {import("./columns.js").Run[]} rows @param {import("./columns.js").Column[]} columns */
function json(rows, columns) {
  const lines = rows.map((row) => JSON.stringify(Object.fromEntries([...FACTS.map(([name, , key]) => [name, row[key] ?? null]), ...columns.map((column, at) => [title(column), row.cells?.[at] ?? null])])));
  return [`[\n${lines.join(",\n")}\n]\n`];
}

/** @param {import("./columns.js").Run[]} rows @param {import("./columns.js").Column[]} columns */
async function asParquet(rows, columns) {
  const { parquet } = await import("./parquet.js");
  return parquet([
    ...FACTS.map(([name, kind, key]) => ({ name, kind, values: rows.map((row) => /** @type {any} */ (row[key]) ?? null) })),
    ...columns.map((column, at) => ({ name: title(column), kind: /** @type {"text" | "number"} */ (column.kind === "metric" ? "number" : "text"), values: rows.map((row) => row.cells?.[at] ?? null) })),
  ]);
}

const KINDS = /** @type {[string, string, string, (rows: any[], columns: any[]) => any][]} */ ([
  ["CSV", "csv", "text/csv", csv], ["JSON", "json", "application/json", json], ["Parquet", "parquet", "application/vnd.apache.parquet", asParquet],
]);

/** @param {{asked: import("./rows.js").Asked, stamp: () => string, columns: import("./columns.js").Column[], name: string, found: number}} props */
export function Export({ asked, stamp, columns: shown, name, found }) {
  const columns = shown.filter(({ show }) => show !== "line");
  /** @param {typeof KINDS[number]} kind */
  const saved = ([label, ending, type, make]) =>
    tried(async () => {
      let said = 0;
      const rows = await read({ asked, stamp: stamp(), columns }, (done, total) => {
        if (total > 10 * WINDOW && done - said >= total / 4) say(`${done.toLocaleString("en")} of ${counted(total, "run")} read`);
        if (done - said >= total / 4) said = done;
      });
      save(new Blob(await make(rows, columns), { type }), `${name.replace(/[^\w.-]+/g, "-").slice(0, 80) || "runs"}.${ending}`);
      say(`${counted(rows.length, "run")} saved as ${label}`);
    });
  return html`<${Menu} label="Export" title="Save as a file" right>
    <p class="small quiet inset">${counted(found, "run")}, the columns shown</p>
    ${KINDS.map((kind) => html`<button key=${kind[1]} type="button" onClick=${() => saved(kind)}>${kind[0]}</button>`)}
  <//>`;
}
