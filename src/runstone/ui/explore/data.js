/** Columns of many runs, as the explorer draws them: every column is a number for each run, categories by their place in order. */

import { post } from "../ground/api.js";
import { bytes } from "../ground/base64.js";
import { natural, number } from "../ground/format.js";
import { asked as serverColumns } from "../runs/columns.js";

/**
 * @typedef {import("../runs/columns.js").Column} Asked
 * @typedef {{id: string, column: Asked, title: string, kinds: string[] | null, numbers: Float64Array, distinct: number, text: (run: number) => string | null}} Column
 *   kinds: the categories in order, null where the values are numbers; numbers: NaN where a run has none; text: a param as it was logged
 * @typedef {{ids: string[], names: string[], experiments: string[], colours: string[], columns: Map<string, Column>, total: number}} Sweep
 */

const NUMBER = /^[-+]?(\d+(_\d+)*\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/**
 * @param {string} id
 * @param {Asked} column
 * @param {{numbers?: string, texts?: string[], places?: string}} told
 * @returns {Column}
 */
export function decoded(id, column, told) {
  const title = column.kind === "metric" && column.show !== "last" ? `${column.key} ${column.show}` : column.key;
  if (column.kind === "metric") {
    const numbers = new Float64Array(bytes(told.numbers ?? "")).map((value) => (Number.isFinite(value) ? value : NaN));
    return { id, column, title, kinds: null, numbers, distinct: new Set(numbers.filter((value) => !Number.isNaN(value))).size, text: () => null };
  }
  const texts = told.texts ?? [];
  const places = new Int32Array(bytes(told.places ?? ""));
  const text = (/** @type {number} */ run) => (places[run] < 0 ? null : texts[places[run]]);
  const plain = texts.map((text) => (NUMBER.test(text.trim()) ? Number(text.replace(/_/g, "")) : NaN));
  if (texts.length > 0 && plain.every(Number.isFinite)) {
    return { id, column, title, kinds: null, numbers: Float64Array.from(places, (place) => (place < 0 ? NaN : plain[place])), distinct: new Set(plain).size, text };
  }
  const kinds = [...texts].sort(natural);
  const rank = new Map(kinds.map((text, at) => [text, at]));
  return { id, column, title, kinds, numbers: Float64Array.from(places, (place) => (place < 0 ? NaN : /** @type {number} */ (rank.get(texts[place])))), distinct: kinds.length, text };
}

/**
 * @param {{experiment_ids: string[], filter: string, run_view_type: string}} which runs
 * @param {[string, Asked][]} asked ids and what they are of
 * @param {AbortSignal} signal
 * @returns {Promise<Sweep>}
 */
export async function sweep(which, asked, signal) {
  const told = await post("/runstone/runs/matrix", { ...which, columns: serverColumns(asked.map(([, column]) => column)) }, { signal });
  return {
    ids: told.run_ids ?? [], names: told.run_names ?? [], experiments: told.experiment_ids ?? [], colours: told.colours ?? [], total: told.total ?? 0,
    columns: new Map(asked.map(([id, column], at) => [id, decoded(id, column, told.columns[at] ?? {})])),
  };
}

/** Numbers of which there are few, as the categories that they are: 2, 4, 8 stand side by side. @param {Column} column @param {number} most @returns {Column} */
export function few(column, most) {
  if (column.kinds || column.distinct > most) return column;
  const distinct = [...new Set(column.numbers)].filter((value) => !Number.isNaN(value)).sort((one, other) => one - other);
  const places = new Map(distinct.map((value, at) => [value, at]));
  return { ...column, kinds: distinct.map(number), numbers: column.numbers.map((value) => places.get(value) ?? NaN) };
}
