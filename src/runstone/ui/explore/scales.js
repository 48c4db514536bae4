/** Where a value stands on an axis, from 0 (below, left) to 1, and which values are written beside it. */

import { number } from "../ground/format.js";

/**
 * @typedef {{log: boolean, can: boolean, of: (value: number) => number, back: (part: number) => number, ticks: {part: number, text: string}[]}} Scale
 *   can: whether it could be logarithmic; of: NaN for NaN
 */

/** Values from the least to the greatest over which an axis is logarithmic without being told. */
const DECADES = 1_000;

/** A value beside an axis: 1e−5, not 1.000e−5. @param {number} value */
const short = (value) => number(value).replace(/\.?0+e/, "e");

/** @param {Float64Array} numbers @returns {[number, number]} */
export function reach(numbers) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of numbers) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

/**
 * @param {import("./data.js").Column} column
 * @param {boolean} flip otherwise (logarithmic or not) than the values suggest
 * @param {number} [count] ticks, about
 * @returns {Scale}
 */
export function scale(column, flip, count = 5) {
  if (column.kinds) return categories(column.kinds);
  let [low, high] = reach(column.numbers);
  // Values that differ by their last digits are one: between them there are no round ones.
  if (high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high))) high = low;
  const can = low > 0 && high > low;
  const log = can && (high / low >= DECADES) !== flip;
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  if (!log) {
    const span = high - low;
    return { log, can, of: (value) => (value - low) / span, back: (part) => low + part * span, ticks: steps(low, high, count).map((value) => ({ part: (value - low) / span, text: short(value) })) };
  }
  const [from, span] = [Math.log10(low), Math.log10(high / low)];
  return {
    log, can, of: (value) => (Math.log10(value) - from) / span, back: (part) => 10 ** (from + part * span),
    ticks: decades(low, high, count).map((value) => ({ part: (Math.log10(value) - from) / span, text: short(value) })),
  };
}

/** @param {string[]} kinds @returns {Scale} */
export function categories(kinds) {
  const size = Math.max(1, kinds.length);
  const every = Math.ceil(size / 24);
  return {
    log: false, can: false, of: (value) => (value + 0.5) / size, back: (part) => part * size - 0.5,
    ticks: kinds.map((text, at) => ({ part: (at + 0.5) / size, text })).filter((_, at) => at % every === 0),
  };
}

/** Round values (1, 2, 5 times a power of ten) between two. @param {number} low @param {number} high @param {number} count */
export function steps(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1) found.push(Number((at * step).toPrecision(12)));
  return found;
}

/** @param {number} low @param {number} high @param {number} count */
function decades(low, high, count) {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.max(1, Math.ceil((to - from) / count));
  const found = [];
  for (let power = from; power <= to; power += every) {
    for (const times of to - from <= 2 ? [1, 2, 5] : [1]) {
      const value = Number(`${times}e${power}`);
      if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
    }
  }
  return found;
}
