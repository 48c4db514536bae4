/** A table as `log_table` writes it: names of columns, and rows. */

import { cut } from "./values.js";

/** Of a table so much is shown. */
const COLUMNS = 200, ROWS = 500;

/**
 * @param {any} value what a file holds
 * @param {number} [most] rows
 * @returns {import("./sheet.js").SheetData | null} null where it is no table
 */
export function asTable(value, most = ROWS) {
  if (!Array.isArray(value?.columns) || !Array.isArray(value?.data) || !value.data.every(Array.isArray) || value.data.length === 0) return null;
  const columns = value.columns.slice(0, COLUMNS);
  /** @type {any[][]} */
  const rows = value.data.slice(0, most);
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
