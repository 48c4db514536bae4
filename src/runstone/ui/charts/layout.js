/** How somebody laid out the charts of an experiment: pinned, hidden, moved, over each other. Remembered in this browser. */

import { kept } from "../ground/kept.js";

/**
 * @typedef {{pinned: string[], hidden: string[], order: string[], closed: string[], joined: string[][]}} Layout
 *   order: metrics that were moved, each before those that were not; joined: metrics that share a chart
 */

/** Experiments that are remembered; the oldest is forgotten. */
const PLACES = 100;
const NONE = /** @type {Layout} */ ({ pinned: [], hidden: [], order: [], closed: [], joined: [] });

const layouts = kept("charts", /** @type {Record<string, Layout>} */ ({}));

/** @param {string} where @returns {Layout} */
export const layout = (where) => ({ ...NONE, ...layouts.value[where] });

/** @param {string} where @param {Partial<Layout>} changes */
export function lay(where, changes) {
  const { [where]: had, ...others } = layouts.value;
  const rest = Object.fromEntries(Object.entries(others).slice(-PLACES + 1));
  layouts.value = { ...rest, [where]: { ...NONE, ...had, ...changes } };
}

/** @param {string[]} list @param {string} one */
export const toggled = (list, one) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]);
