/** Where a value stands on an axis, from 0 (below, left) to 1, and which values are written beside it. */

import { number } from "../ground/format.js";

/**
 * @typedef {{log: boolean, can: boolean, of: (value: number) => number, back: (part: number) => number, ticks: {part: number, text: string}[]}} Scale
 *   can: whether it could be logarithmic; of: NaN for NaN
 */

/**
 * How many times the least value the greatest is at least, for an axis to be logarithmic without being told: of a metric; of a param whose values lie
 * more evenly on such an axis; of one whose values lie much more evenly on it (0.001, 0.003, 0.01; 16, 32, 64, 128).
 */
const MEASURED = 1_000;
const WIDE = 100;
const NARROW = 8;
/** Runs whose values are looked at for it, about: of ten thousand every tenth. */
const LOOKED_AT = 1_000;

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

/** Different values of a param up to which they stand beside its axis themselves, as far as they have room: so much of the axis. */
const NAMED = 8;
const ROOM = 0.05;

/**
 * What stands beside an axis: the values themselves where there are few, else round ones.
 * @param {import("./data.js").Column} column
 * @param {(value: number) => number} of
 * @param {number[]} round
 */
function ticked({ column, distinct, numbers }, of, round) {
  const values = column.kind === "metric" || distinct > NAMED ? round : [...new Set(numbers)].filter((value) => !Number.isNaN(value)).sort((one, other) => one - other);
  let last = -Infinity;
  return values.flatMap((value) => {
    const part = of(value);
    if (part - last < ROOM) return [];
    last = part;
    return [{ part, text: short(value) }];
  });
}

/** How unevenly sorted values from 0 to 1 are spread: how far one is from where it would stand if all stood alike (0: they do). @param {number[]} parts */
const unevenness = (parts) => parts.reduce((most, part, at) => Math.max(most, Math.abs(part - at / (parts.length - 1))), 0);

/**
 * Whether a logarithmic axis suits the values better.
 * @param {import("./data.js").Column} column of numbers above zero
 * @param {number} low
 * @param {number} high
 */
function suits({ column, numbers }, low, high) {
  const wide = high / low;
  if (column.kind === "metric") return wide >= MEASURED;
  if (wide < NARROW) return false;
  const every = Math.ceil(numbers.length / LOOKED_AT);
  const values = Float64Array.from(new Set(numbers.filter((value, at) => at % every === 0 && !Number.isNaN(value)))).sort();
  if (values.length < 3) return wide >= WIDE;
  const plain = unevenness(Array.from(values, (value) => (value - low) / (high - low)));
  const log = unevenness(Array.from(values, (value) => Math.log(value / low) / Math.log(wide)));
  // A seed may be any number: what is spread over a plain axis stays on one.
  return wide >= WIDE ? log < plain : plain > 0.15 && log < 0.6 * plain;
}

/**
 * @param {import("./data.js").Column} column
 * @param {boolean} [chosen] whether it is to be logarithmic, where it can be; what suits its values, where nobody has said
 * @param {number} [count] ticks, about
 * @returns {Scale}
 */
export function scale(column, chosen, count = 5) {
  if (column.kinds) return categories(column.kinds);
  let [low, high] = reach(column.numbers);
  // Values that differ by their last digits are one: between them there are no round ones.
  if (high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high))) high = low;
  const can = low > 0 && high > low;
  const log = can && (chosen ?? suits(column, low, high));
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  if (!log) {
    const span = high - low;
    const of = (/** @type {number} */ value) => (value - low) / span;
    return { log, can, of, back: (part) => low + part * span, ticks: ticked(column, of, steps(low, high, count)) };
  }
  const [from, span] = [Math.log10(low), Math.log10(high / low)];
  const of = (/** @type {number} */ value) => (Math.log10(value) - from) / span;
  return { log, can, of, back: (part) => 10 ** (from + part * span), ticks: ticked(column, of, decades(low, high, count)) };
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
