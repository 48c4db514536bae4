/** Parts of axes that are chosen: which runs lie in all of them, and how a search says it (docs/search.md). */

import { name } from "../runs/columns.js";

/**
 * @typedef {{from: number, to: number} | {among: string[]}} Brush
 * @typedef {Record<string, Brush>} Brushes by the column's id
 */

/** @param {string | null} text what stands in the address @returns {Brushes} */
export function read(text) {
  /** @type {Brushes} */
  const found = {};
  try {
    for (const [id, one] of Object.entries(JSON.parse(text ?? "{}"))) {
      if (Array.isArray(one?.among)) found[id] = { among: one.among.map(String) };
      else if (Number.isFinite(one?.from) && Number.isFinite(one?.to)) found[id] = { from: one.from, to: one.to };
    }
  } catch {
    // an address that somebody shortened: nothing is chosen
  }
  return found;
}

/** @param {Brushes} brushes */
export const written = (brushes) => (Object.keys(brushes).length === 0 ? null : JSON.stringify(brushes));

/**
 * What is chosen between two parts of an axis, of numbers to six digits: outwards, so that what was covered stays in.
 * @param {import("./data.js").Column} column
 * @param {import("./scales.js").Scale} scale
 * @param {number} low from 0 to 1
 * @param {number} high
 * @returns {Brush | null} null where no category lies there
 */
export function between(column, scale, low, high) {
  if (column.kinds) {
    const among = column.kinds.filter((_, at) => scale.of(at) >= low && scale.of(at) <= high);
    return among.length > 0 ? { among } : null;
  }
  return { from: rounded(scale.back(Math.max(0, low)), -1), to: rounded(scale.back(Math.min(1, high)), 1) };
}

/** @param {number} value @param {number} way */
function rounded(value, way) {
  if (value === 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 5);
  return Number(((way < 0 ? Math.floor(value / unit + 1e-6) : Math.ceil(value / unit - 1e-6)) * unit).toPrecision(6));
}

/**
 * Where a brush lies on its axis, from 0 to 1, as far as it does.
 * @param {Brush} brush
 * @param {import("./data.js").Column} column
 * @param {import("./scales.js").Scale} scale
 * @returns {[number, number][]}
 */
export function spans(brush, column, scale) {
  if ("from" in brush) {
    const low = scale.log && brush.from <= 0 ? 0 : scale.of(brush.from);
    const high = scale.log && brush.to <= 0 ? 0 : scale.of(brush.to);
    return [[Math.min(1, Math.max(0, low)), Math.min(1, Math.max(0, high))]];
  }
  const half = 0.5 / Math.max(1, column.kinds?.length ?? 1);
  return brush.among.map((kind) => column.kinds?.indexOf(kind) ?? -1).filter((at) => at >= 0).map((at) => [scale.of(at) - half, scale.of(at) + half]);
}

/**
 * Which runs lie in all brushes (1) and which do not (0).
 * @param {Brushes} brushes
 * @param {Map<string, import("./data.js").Column>} columns
 * @param {number} count runs
 */
export function fitting(brushes, columns, count) {
  const fits = new Uint8Array(count).fill(1);
  for (const [id, brush] of Object.entries(brushes)) {
    const column = columns.get(id);
    if (!column) continue;
    if ("from" in brush) {
      for (let at = 0; at < count; at += 1) if (!(column.numbers[at] >= brush.from && column.numbers[at] <= brush.to)) fits[at] = 0;
    } else {
      const wanted = new Set(brush.among.map((kind) => column.kinds?.indexOf(kind) ?? -1));
      for (let at = 0; at < count; at += 1) if (!wanted.has(column.numbers[at])) fits[at] = 0;
    }
  }
  return fits;
}

/** A text of a search, null where it has both kinds of quotes and cannot be said. @param {string} text */
const quoted = (text) => (!text.includes("'") ? `'${text}'` : !text.includes('"') ? `"${text}"` : null);

/** @param {string} text */
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * A filter with what is chosen in it; a range of the same column that it has already is taken out for it.
 * @param {string} filter
 * @param {Brushes} brushes
 * @param {Map<string, import("./data.js").Column>} columns
 */
export function filtered(filter, brushes, columns) {
  let before = filter.trim();
  const clauses = [];
  for (const [id, brush] of Object.entries(brushes)) {
    const column = columns.get(id);
    if (!column) continue;
    const named = name(column.column);
    if ("from" in brush) {
      before = before.replace(new RegExp(`(^| AND )${escaped(named)} BETWEEN \\S+ AND [^\\s)]+(?= AND |$)`, "g"), "").replace(/^ AND /, "");
      clauses.push(`${named} BETWEEN ${brush.from} AND ${brush.to}`);
    } else {
      const texts = brush.among.map(quoted).filter((text) => text !== null);
      if (texts.length > 0) clauses.push(texts.length === 1 ? `${named} = ${texts[0]}` : `${named} IN (${texts.join(", ")})`);
    }
  }
  if (clauses.length === 0) return filter;
  const first = /\bor\b/i.test(before) && !/^\([^()]*\)$/.test(before) ? `(${before})` : before;
  return [first, ...clauses].filter(Boolean).join(" AND ");
}
