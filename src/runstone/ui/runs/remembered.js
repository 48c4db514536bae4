/** The columns that were usual for some experiments the last time, in this browser: a table need not wait for being told which there are. */

import { kept } from "../ground/kept.js";
import { read, written } from "./columns.js";

/** Tables that are remembered; the oldest is forgotten. */
const PLACES = 100;

const usual = kept("usual", /** @type {Record<string, string[]>} */ ({}));

/** @param {string} place the experiments' ids @returns {import("./columns.js").Column[] | null} */
export const remembered = (place) => usual.peek()[place]?.flatMap((one) => read(one) ?? []) ?? null;

/** @param {string} place @param {import("./columns.js").Column[]} columns */
export function remember(place, columns) {
  const { [place]: _, ...others } = usual.peek();
  usual.value = { ...Object.fromEntries(Object.entries(others).slice(-PLACES + 1)), [place]: columns.map(written) };
}
