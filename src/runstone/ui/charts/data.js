/**
 * The lines of charts as the server samples them. What was told is kept while its chart is looked at: a run that is chosen or goes on is asked
 * for alone. What several charts ask for within a moment goes together, some metrics a request, some requests at a time.
 */

import { post } from "../ground/api.js";
import { bytes } from "../ground/base64.js";

/**
 * @typedef {{count: number, nans: number, values: (number | null)[], means: (number | null)[] | null, odd: [number, number][], exact: boolean, x: number[]}} Line
 *   a run's values at places; means: at the same places (every second one) where they are not all points; odd: where it is NaN or infinite, and which
 * @typedef {{x: string, start: number | null, end: number | null, log: boolean, means: boolean, both: boolean, buckets: number}} Asked
 * @typedef {{run_id: string, stamp: string}} Wanted stamp: differs when there are new points
 * @typedef {Map<string, Line | null>} Lines by run; null: it has none
 */

/** Lines of one request: an answer of a megabyte or two, so that the first charts do not wait for the last. */
const LINES = 400;
const KEYS = 24;
/** Requests at a time: as many as a browser's six connections leave room for. */
const SENT = 3;
/** Rows of places that a chart's lines may have before they are all asked for anew, to have one. */
const ROWS = 3;
/** Values that are kept for charts that are not looked at any more. */
const KEPT = 3_000_000;

/** @typedef {{size: number, lines: Map<string, {stamp: string, line: Line | null}>}} Held */
/** @type {Map<string, Held>} */
const held = new Map();

/** @typedef {{key: string, done: (answer: Map<string, Line>) => void, failed: (error: Error) => void, signal: AbortSignal}} Entry */
/** @type {Map<string, {asked: Asked, run_ids: string[], entries: Entry[]}>} */
const waiting = new Map();
let sent = 0;
let timer = 0;

/**
 * The lines of a metric, of these runs.
 * @param {Asked} asked
 * @param {string} key
 * @param {Wanted[]} runs
 * @param {AbortSignal} signal
 * @returns {Promise<Lines>}
 */
export async function lines(asked, key, runs, signal) {
  const name = JSON.stringify([asked, key]);
  const had = held.get(name) ?? { size: 0, lines: new Map() };
  held.delete(name);
  held.set(name, had); // the last that was looked at
  let missing = runs.filter(({ run_id, stamp }) => had.lines.get(run_id)?.stamp !== stamp);
  const rows = new Set(runs.filter((run) => !missing.includes(run)).map(({ run_id }) => had.lines.get(run_id)?.line?.x));
  if (missing.length > 0 && rows.size >= ROWS) missing = runs;
  if (missing.length > 0) {
    const told = await asks(asked, key, missing.map(({ run_id }) => run_id), signal);
    for (const { run_id, stamp } of missing) had.lines.set(run_id, { stamp, line: told.get(run_id) ?? null });
    had.size = 0;
    for (const { line } of had.lines.values()) had.size += line?.values.length ?? 0;
    forget();
  }
  return new Map(runs.map(({ run_id }) => [run_id, had.lines.get(run_id)?.line ?? null]));
}

/** The oldest are let go. */
function forget() {
  let all = 0;
  for (const { size } of held.values()) all += size;
  for (const [name, { size }] of held) {
    if (all <= KEPT || held.size === 1) return;
    held.delete(name);
    all -= size;
  }
}

/**
 * @param {Asked} asked
 * @param {string} key
 * @param {string[]} run_ids
 * @param {AbortSignal} signal
 * @returns {Promise<Map<string, Line>>}
 */
function asks(asked, key, run_ids, signal) {
  const told = JSON.stringify([asked, run_ids]);
  return new Promise((done, failed) => {
    const some = waiting.get(told) ?? { asked, run_ids, entries: [] };
    waiting.set(told, some);
    some.entries.push({ key, done, failed, signal });
    timer ||= window.setTimeout(send, 0);
  });
}

function send() {
  timer = 0;
  for (const [told, some] of waiting) {
    // What was scrolled past or zoomed away meanwhile is not asked for.
    some.entries = some.entries.filter(({ signal }) => !signal.aborted);
    while (some.entries.length > 0 && sent < SENT) {
      const most = Math.max(1, Math.min(KEYS, Math.floor(LINES / some.run_ids.length)));
      answer(some.asked, some.run_ids, some.entries.splice(0, most));
    }
    if (some.entries.length > 0) return;
    waiting.delete(told);
  }
}

/**
 * @param {Asked} asked
 * @param {string[]} run_ids
 * @param {Entry[]} entries
 */
async function answer(asked, run_ids, entries) {
  sent += 1;
  const giveUp = new AbortController();
  const look = () => entries.every(({ signal }) => signal.aborted) && giveUp.abort();
  for (const { signal } of entries) signal.addEventListener("abort", look);
  try {
    const keys = [...new Set(entries.map(({ key }) => key))];
    const told = await post("/runstone/series/sampled", { ...asked, run_ids, keys }, { signal: giveUp.signal });
    const found = new Map((told.charts ?? []).map((/** @type {any} */ chart) => [chart.key, chart]));
    for (const { key, done, signal } of entries) if (!signal.aborted) done(decoded(found.get(key)));
  } catch (error) {
    for (const { failed } of entries) failed(/** @type {Error} */ (error));
  } finally {
    for (const { signal } of entries) signal.removeEventListener("abort", look);
    sent -= 1;
    send();
  }
}

/** @param {any} chart @returns {Map<string, Line>} */
export function decoded(chart) {
  const x = Array.from(new Float64Array(bytes(chart?.x)));
  const exact = chart?.exact ?? false;
  return new Map(
    (chart?.lines ?? []).map((/** @type {any} */ line) => {
      /** @type {[number, number][]} */
      const odd = Array.from(new Float64Array(bytes(line.nan_x)), (place) => [place, Number.NaN]);
      const means = line.means ? new Float32Array(bytes(line.means)) : null;
      return [line.run_id, {
        exact, x, odd, count: line.count ?? 0, nans: line.nans ?? 0,
        values: gaps(new Float32Array(bytes(line.values)), (at, value) => odd.length < 200 && odd.push([x[at], value])),
        // A part's mean stands at the first of its two places.
        means: means && x.map((_, at) => (at % 2 || Number.isNaN(means[at >> 1]) ? null : means[at >> 1])),
      }];
    }),
  );
}

/** uPlot takes null for a gap. @param {Float32Array} values @param {(at: number, value: number) => unknown} infinite */
function gaps(values, infinite) {
  /** @type {(number | null)[]} */
  const list = new Array(values.length);
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    list[at] = Number.isFinite(value) ? value : null;
    if (value === Infinity || value === -Infinity) infinite(at, value);
  }
  return list;
}
