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
