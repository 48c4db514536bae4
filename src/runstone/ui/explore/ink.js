/**
 * Colours of a number: viridis (van der Walt and Smith, 2015; CC0), which stays in order for every kind of colour-blindness and in grey. Its ends are
 * cut where they would be lost on a light or on a dark ground.
 */

import { dark } from "../ground/kept.js";

const STOPS = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
export const SHADES = 24;

/** @param {number} part 0 to 1 @returns {[number, number, number]} */
function mixed(part) {
  const place = Math.min(0.9999, Math.max(0, part)) * (STOPS.length - 1);
  const at = Math.floor(place);
  /** @param {string} text @param {number} from */
  const channel = (text, from) => Number.parseInt(text.slice(from, from + 2), 16);
  const one = [1, 3, 5].map((from) => channel(STOPS[at], from) + (place - at) * (channel(STOPS[at + 1], from) - channel(STOPS[at], from)));
  return /** @type {[number, number, number]} */ (one.map(Math.round));
}

/** The shades from the least to the greatest, on the ground as it is now. */
export function shades() {
  const [from, to] = dark.value ? [0.22, 1] : [0, 0.88];
  return Array.from({ length: SHADES }, (_, at) => {
    const [red, green, blue] = mixed(from + ((to - from) * at) / (SHADES - 1));
    return `rgb(${red} ${green} ${blue})`;
  });
}

/** @typedef {{of: ArrayLike<number>, tints: string[]}} Ink what each run is drawn with: the place of one of the tints, or -1 */

/** Which shade each run has; -1 where it has no value. @param {import("./data.js").Column | undefined} column @param {import("./scales.js").Scale | undefined} scale @param {number} count */
export function inked(column, scale, count) {
  if (!column || !scale) return new Int8Array(count).fill(-1);
  return Int8Array.from(column.numbers, (value) => (Number.isNaN(value) ? -1 : Math.min(SHADES - 1, Math.max(0, Math.floor(scale.of(value) * SHADES)))));
}
