/** A table that is here whole, or a window of one. */

import { html } from "../ground/html.js";

/**
 * @typedef {{name: string, kind?: string, number?: boolean}} SheetColumn
 * @typedef {{title?: string, columns: SheetColumn[], rows?: (string | null)[][], total?: number | null, offset?: number}} SheetData
 */

/** Rows that are drawn, and cells: of a wide table fewer rows. */
const ROWS = 500, CELLS = 20_000;

/** What a cell counts: "1,234" is 1234. @param {string | null} cell */
const count = (cell) => Number((cell ?? "0").replaceAll(",", "")) || 0;

/** @param {{sheet: SheetData}} props */
export function Sheet({ sheet }) {
  const { title, columns, rows = [], total, offset = 0 } = sheet;
  const most = Math.min(ROWS, Math.max(20, Math.floor(CELLS / Math.max(1, columns.length))));
  const more = (total ?? rows.length) - rows.length;
  const highest = columns.map(({ kind }, at) => (kind === "bars" ? Math.max(1, ...rows.map((row) => count(row[at]))) : 0));
  return html`<section class="files-sheet">
    ${title && html`<h3 class="inside">${title}</h3>`}
    <div class="scroll" tabindex="0" role="region" aria-label=${title || "Table"}><table class="plain">
      <thead><tr>${columns.map(({ name, kind, number }) => html`<th class=${number ? "number" : ""} title=${kind && kind !== "bars" ? `${name}: ${kind}` : name}><span>${name}</span>${kind && kind !== "bars" && html` <span class="files-kind">${kind}</span>`}</th>`)}</tr></thead>
      <tbody>${rows.slice(0, most).map((row, at) => html`<tr key=${offset + at}>${columns.map(({ number }, place) => {
        const cell = row[place];
        if (highest[place]) return html`<td><span class="files-bar" style=${{ width: `${(100 * count(cell)) / highest[place]}px` }} /> <span class="quiet small">${cell}</span></td>`;
        return html`<td class=${number ? "number" : ""}>${cell === null || cell === undefined ? html`<span class="quiet small">null</span>` : cell}</td>`;
      })}</tr>`)}</tbody>
    </table></div>
    ${rows.length > most || (more > 0 && sheet.offset === undefined) ? html`<p class="inside quiet small">The first ${Math.min(rows.length, most).toLocaleString("en")} of ${(total ?? rows.length).toLocaleString("en")} rows.</p>` : null}
  </section>`;
}
