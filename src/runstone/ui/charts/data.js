/** The lines of charts as the server samples them. What several charts ask for within a moment goes as one request. */

import { post } from "../ground/api.js";

/**
 * @typedef {{run_id: string, count: number, nans: number, values: (number | null)[]}} Line
 * @typedef {{key: string, exact: boolean, x: number[], lines: Line[]}} Chart
 * @typedef {{run_ids: string[], x: string, start: number | null, end: number | null, log: boolean, means: boolean, buckets: number}} Asked
 */

/** @param {string} text base64 */
function bytes(text) {
  const told = atob(text);
  const array = new Uint8Array(told.length);
  for (let at = 0; at < told.length; at += 1) array[at] = told.charCodeAt(at);
  return array.buffer;
}

/** uPlot takes null for a gap. @param {Float32Array} values */
function gaps(values) {
  /** @type {(number | null)[]} */
  const list = new Array(values.length);
  for (let at = 0; at < values.length; at += 1) list[at] = Number.isFinite(values[at]) ? values[at] : null;
  return list;
}

/** @param {any} chart @returns {Chart} */
const decoded = (chart) => ({
  key: chart.key,
  exact: chart.exact ?? false,
  x: Array.from(new Float64Array(bytes(chart.x ?? ""))),
  lines: (chart.lines ?? []).map((/** @type {any} */ line) => ({
    run_id: line.run_id, count: line.count ?? 0, nans: line.nans ?? 0, values: gaps(new Float32Array(bytes(line.values ?? ""))),
  })),
});

/** Keys of one request: an answer of some megabytes, so that the first charts do not wait for the last. */
const TOGETHER = 12;

/** @type {Map<string, {asked: Asked, waiting: {key: string, done: (chart: Chart | null) => void, failed: (error: Error) => void}[]}>} */
const waiting = new Map();

/**
 * The chart of a metric; null where none of the runs has it.
 * @param {Asked} asked
 * @param {string} key
 * @returns {Promise<Chart | null>}
 */
export function chart(asked, key) {
  const told = JSON.stringify(asked);
  return new Promise((done, failed) => {
    let some = waiting.get(told);
    if (!some) {
      some = { asked, waiting: [] };
      waiting.set(told, some);
      window.setTimeout(() => send(told), 10);
    }
    some.waiting.push({ key, done, failed });
  });
}

/** @param {string} told */
async function send(told) {
  const some = waiting.get(told);
  waiting.delete(told);
  if (!some) return;
  for (let first = 0; first < some.waiting.length; first += TOGETHER) {
    const part = some.waiting.slice(first, first + TOGETHER);
    try {
      const keys = [...new Set(part.map(({ key }) => key))];
      const answer = await post("/runstone/series/sampled", { ...some.asked, keys });
      const found = new Map((answer.charts ?? []).map((/** @type {any} */ one) => [one.key, decoded(one)]));
      for (const { key, done } of part) done(found.get(key) ?? null);
    } catch (error) {
      for (const { failed } of part) failed(/** @type {Error} */ (error));
    }
  }
}
