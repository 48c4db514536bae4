/** A table of any length: the server gives windows of it, and only the rows that are seen are here. */

import { html, useMemo } from "../ground/html.js";
import { Grid, ROW } from "../parts/grid.js";
import { useWindows } from "../parts/windows.js";
import { inspect } from "./ask.js";

/** @typedef {(string | null)[]} Row */

/** Pixels of a column: as wide as what is in its first rows, within reason. */
const NARROW = 72, WIDE = 340, LETTER = 7.8;

/** @param {{owner: string, file: {path: string, digest?: string}, first: import("./sheet.js").SheetData}} props */
export function Rows({ owner, file, first }) {
  const { row, total, error, want } = useWindows(["rows", owner, file.path, file.digest], async (offset, limit, signal) => {
    const sheet = offset === 0 ? first : (await inspect(owner, file.path, offset, limit, signal)).preview.sheets?.[0];
    return { rows: /** @type {Row[]} */ (sheet?.rows ?? []), total: first.total ?? 0 };
  });
  const columns = useMemo(() => {
    /** @type {import("../parts/grid.js").GridColumn<Row>[]} */
    const found = first.columns.map(({ name, kind, number }, place) => {
      const longest = Math.max(name.length + (kind ? kind.length + 1 : 0), ...(first.rows ?? []).slice(0, 30).map((one) => (one[place] ?? "null").length));
      return {
        id: String(place), title: kind ? html`${name} <span class="files-kind">${kind}</span>` : name, label: kind ? `${name}: ${kind}` : name, number, width: Math.max(NARROW, Math.min(WIDE, Math.round(longest * LETTER) + 26)),
        cell: (/** @type {Row} */ one) => {
          const text = one[place];
          return text === null || text === undefined ? html`<span class="quiet small">null</span>` : html`<span class="cut" title=${text.length > 40 ? text : undefined}>${text}</span>`;
        },
      };
    });
    const digits = String(first.total ?? 0).length;
    return [{ id: "#", title: "", label: "Row", width: Math.max(44, digits * 9 + 20), number: true, fixed: true, cell: (/** @type {Row} */ _, /** @type {number} */ at) => html`<span class="quiet small">${(at + 1).toLocaleString("en")}</span>` }, ...found];
  }, [first]);
  const count = total ?? first.total ?? 0;
  return html`<div>
    <p class="inside quiet small">${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"} · ${first.columns.length.toLocaleString("en")} ${first.columns.length === 1 ? "column" : "columns"}</p>
    ${error && html`<div class="inside"><p class="note bad" role="alert">${error.message}</p></div>`}
    <${Grid} label="Rows" columns=${columns} total=${count} row=${row} want=${want} height=${`${Math.max(120, Math.min(560, count * ROW + 50))}px`} />
  </div>`;
}
