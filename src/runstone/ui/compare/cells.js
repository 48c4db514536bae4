/** Two tables cell by cell: which rows belong together, and what of them changed. Knows no page. */

/**
 * @typedef {string | null | undefined} Cell
 * @typedef {{columns: string[], rows: Cell[][]}} Table
 * @typedef {{kind: "same" | "changed" | "less" | "more", left: number, right: number, cells: [Cell, Cell][]}} Row
 *   left, right: numbers of the row in the two tables, from 1 on; 0 where it is in one only. cells: of the columns that both have
 * @typedef {{columns: string[], differ: boolean[], less: string[], more: string[], rows: Row[], counts: Record<Row["kind"], number>, cells: number}} Outcome
 *   columns: what both have; differ: whether any cell of it changed; less, more: columns that only one has; cells: how many changed
 */

/** @param {Cell} one @param {Cell} other */
export function alike(one, other) {
  if (one === other || (one ?? null) === (other ?? null)) return true;
  if (!one || !other || !/[.e]/i.test(one + other)) return false; // whole numbers are texts: a browser has not all of them
  return Number(one) === Number(other);
}

/** Where each column is; of one that is there twice the first. @param {string[]} columns */
const placed = (columns) => new Map(columns.map((name, at) => /** @type {[string, number]} */ ([name, at])).reverse());

/**
 * The columns by which rows may be told: no value is there twice, or missing.
 * @param {Table} left
 * @param {Table} right
 */
export function keys(left, right) {
  const [one, other] = [placed(left.columns), placed(right.columns)];
  /** @param {Cell[][]} rows @param {number | undefined} at */
  const unique = (rows, at) => at !== undefined && new Set(rows.map((row) => row[at] ?? null).filter((cell) => cell !== null && cell !== "")).size === rows.length;
  return [...new Set(left.columns)].filter((name) => unique(left.rows, one.get(name)) && unique(right.rows, other.get(name)));
}

/**
 * @param {Table} left
 * @param {Table} right
 * @param {string} key a column that tells rows; "": rows at the same place belong together
 * @returns {Outcome}
 */
export function comparedCells(left, right, key) {
  const [one, other] = [placed(left.columns), placed(right.columns)];
  const columns = [...new Set(left.columns)].filter((name) => other.has(name));
  const pairs = columns.map((name) => [Number(one.get(name)), Number(other.get(name))]);
  const differ = columns.map(() => false);
  const counts = { same: 0, changed: 0, less: 0, more: 0 };
  let changed = 0;
  /** @param {number} before @param {number} after places of the two rows, -1 for none @returns {Row} */
  const row = (before, after) => {
    const [from, to] = [left.rows[before], right.rows[after]];
    const cells = pairs.map(([x, y]) => /** @type {[Cell, Cell]} */ ([from?.[x], to?.[y]]));
    const apart = from && to ? cells.map(([x, y]) => !alike(x, y)) : [];
    apart.forEach((differs, at) => {
      if (differs) [differ[at], changed] = [true, changed + 1];
    });
    const kind = !to ? "less" : !from ? "more" : apart.includes(true) ? "changed" : "same";
    counts[kind] += 1;
    return { kind, left: before + 1, right: after + 1, cells };
  };
  const rows = together(left, right, Number(one.get(key) ?? -1), Number(other.get(key) ?? -1)).map(([before, after]) => row(before, after));
  return { columns, differ, less: left.columns.filter((name) => !other.has(name)), more: right.columns.filter((name) => !one.has(name)), rows, counts, cells: changed };
}

/** Which rows belong together: those of the first in its order, and behind them what only the second has. @param {Table} left @param {Table} right @param {number} x @param {number} y @returns {[number, number][]} */
function together(left, right, x, y) {
  if (x < 0 || y < 0) return Array.from({ length: Math.max(left.rows.length, right.rows.length) }, (_, at) => [at < left.rows.length ? at : -1, at < right.rows.length ? at : -1]);
  const there = new Map(right.rows.map((row, at) => [row[y], at]));
  /** @type {[number, number][]} */
  const found = left.rows.map((row, at) => [at, there.get(row[x]) ?? -1]);
  const taken = new Set(found.map(([, at]) => at));
  right.rows.forEach((_, at) => taken.has(at) || found.push([-1, at]));
  return found;
}
