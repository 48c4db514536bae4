/** What stands at an axis: as few characters as tell its places apart. Knows no browser. */

import { duration, number, when } from "../ground/format.js";

const UNITS = /** @type {[number, string][]} */ ([[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]);
/** From where on numbers are told in thousands, and where as powers of ten. */
const LARGE = 1e4;
const HUGE = 1e15;
const SMALL = 1e-3;

/**
 * Numbers that lie `apart` from each other, all in one unit: 5k, 10k; 0.25, 0.5; 1.5e−7.
 * @param {(number | null)[]} ticks
 * @param {number} apart
 */
export function numbers(ticks, apart) {
  const most = ticks.reduce((/** @type {number} */ one, tick) => Math.max(one, Math.abs(tick ?? 0)), 0);
  // A thousandth of a unit is told by its digits.
  const [size, unit] = (most >= LARGE && UNITS.find(([size]) => most >= size && apart / size >= 0.0099)) || [1, ""];
  const places = Math.min(15, Math.max(0, 1 - Math.floor(Math.log10(apart / size) + 1e-9)));
  return ticks.map((tick) => {
    if (tick === null) return "";
    if (tick === 0 || Math.abs(tick) < apart / 1e6) return "0";
    if (most >= HUGE || most < SMALL) return power(tick, apart);
    return minus(`${Number((tick / size).toFixed(places))}${unit}`);
  });
}

/** @param {number} tick @param {number} apart */
function power(tick, apart) {
  const digits = Math.min(15, Math.max(0, 1 + Math.floor(Math.log10(Math.abs(tick))) - Math.floor(Math.log10(apart) + 1e-9)));
  const [digit, exponent] = tick.toExponential(digits).split("e");
  return minus(`${Number(digit)}e${exponent.replace("+", "")}`);
}

/** @param {string} text */
const minus = (text) => text.replace(/-/g, "−");

/** A number of a logarithmic axis. @param {number} tick */
export function short(tick) {
  const size = Math.abs(tick);
  return size === 0 || (size >= 1e-4 && size < 1e5) ? number(tick) : minus(Number(tick.toPrecision(3)).toExponential().replace("e+", "e"));
}

/** From so many powers of ten on, an axis has ticks at these alone; with so few ticks it has some of its own. */
const POWERS = 20;
const SCARCE = 3;

/**
 * The ticks of a logarithmic axis: 1, 2, ... 9, 10, 20, ... between its ends, which are above zero. Where these are too few (0.93 to 0.97), even ones.
 * uPlot's own are counted up from where the axis begins, and from some numbers (0.0992) never get any further.
 * @param {number} from
 * @param {number} to
 */
export function decades(from, to) {
  if (!(from > 0 && to > from && Number.isFinite(to))) return [];
  const ticks = round(from, to);
  return ticks.length < SCARCE ? even(from, to) : ticks;
}

/** Numbers of one digit. @param {number} from above zero @param {number} to */
function round(from, to) {
  /** @type {number[]} */
  const ticks = [];
  const first = Math.floor(Math.log10(from));
  const last = Math.floor(Math.log10(to));
  for (let power = first; power <= last; power += 1) {
    for (let digit = 1; digit <= (last - first > POWERS ? 1 : 9); digit += 1) {
      const tick = Number(`${digit}e${power}`);
      if (tick >= from && tick <= to) ticks.push(tick);
    }
  }
  return ticks;
}

/** Round numbers that cut a part of an axis into ten at the most. @param {number} from @param {number} to */
function even(from, to) {
  const size = 10 ** Math.floor(Math.log10((to - from) / 3));
  const apart = size * ((to - from) / size > 20 ? 5 : (to - from) / size > 8 ? 2 : 1);
  const ticks = [];
  for (let at = Math.ceil(from / apart); at <= Math.floor(to / apart) && ticks.length < 10; at += 1) ticks.push(Number((at * apart).toPrecision(12)));
  return ticks;
}

/**
 * The ticks of an axis that is logarithmic on both sides of zero, and straight around it.
 * @param {number} from
 * @param {number} to
 * @param {number} straight from zero to here
 */
export function mirrored(from, to, straight) {
  const side = (/** @type {number} */ most) => (most >= straight ? round(straight, most) : []);
  const ticks = [...side(-from).reverse().map((tick) => -tick), 0, ...side(to)];
  return ticks.filter((tick) => tick >= from && tick <= to);
}

/** Seconds between ticks of an axis of times. */
export const TIMES = [1e-3, 1e-2, 0.1, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000, 31_536_000];

/** @param {number} tick seconds since something began */
export const since = (tick) => (tick === 0 ? "0" : duration(tick * 1_000).replace(/\.0s$/, "s").replace(/ 00.$/, ""));

/** The time of day; where a day begins, which. @param {number} tick seconds since 1970 @param {number} apart */
export function moment(tick, apart) {
  const text = when(tick * 1_000);
  if (apart >= 86_400) return text.slice(0, 10);
  const time = text.slice(11, apart >= 60 ? 16 : 19);
  return apart >= 60 && time === "00:00" ? text.slice(5, 10) : time;
}

/**
 * Where an axis of values goes that has one value only: it stands in the middle.
 * @param {number} value
 * @returns {[number, number]}
 */
export const about = (value) => (value === 0 ? [-1, 1] : [value - Math.abs(value) / 10, value + Math.abs(value) / 10]);
