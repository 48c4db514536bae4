/** A metric of a run as a line of a word's size. What is drawn within a moment, in any number of cells, is asked for together. */

import { post } from "../ground/api.js";
import { bytes } from "../ground/base64.js";
import { colour } from "../ground/colours.js";
import { number } from "../ground/format.js";
import { html, useEffect, useState } from "../ground/html.js";

/** Points of a line: about one for two pixels. */
const POINTS = 40;
/** Runs of one request, lines that are remembered. */
const RUNS = 200;
const KEPT = 4_000;

/** @typedef {{x: Float64Array, values: Float32Array}} Sampled */
/** @type {Map<string, Sampled | null>} */
const known = new Map();
/** @type {Map<string, {run_id: string, metric: string, done: ((line: Sampled | null) => void)[]}>} */
const waiting = new Map();

/** @param {string} run_id @param {string} metric @param {string} stamp @returns {Promise<Sampled | null>} */
function sampled(run_id, metric, stamp) {
  const name = JSON.stringify([run_id, metric, stamp]);
  const had = known.get(name);
  if (had !== undefined) return Promise.resolve(had);
  return new Promise((done) => {
    const some = waiting.get(name);
    if (some) some.done.push(done);
    else waiting.set(name, { run_id, metric, done: [done] });
    if (waiting.size === 1 && !some) window.setTimeout(send, 0);
  });
}

async function send() {
  const all = [...waiting];
  waiting.clear();
  const runs = [...new Set(all.map(([, { run_id }]) => run_id))];
  for (let first = 0; first < runs.length; first += RUNS) {
    const run_ids = runs.slice(first, first + RUNS);
    const some = all.filter(([, { run_id }]) => run_ids.includes(run_id));
    const keys = [...new Set(some.map(([, { metric }]) => metric))];
    /** @type {Map<string, Sampled>} */
    const found = new Map();
    try {
      const answer = await post("/runstone/series/sampled", { run_ids, keys, buckets: POINTS, means: true });
      for (const chart of answer.charts ?? []) {
        const x = new Float64Array(bytes(chart.x));
        for (const line of chart.lines ?? []) found.set(JSON.stringify([line.run_id, chart.key]), { x, values: new Float32Array(bytes(line.values)) });
      }
    } catch {
      for (const [, { done }] of some) done.forEach((tell) => tell(null)); // a table without its small lines says so by their absence; asked again when it is drawn again
      continue;
    }
    for (const [name, { run_id, metric, done }] of some) {
      const line = found.get(JSON.stringify([run_id, metric])) ?? null;
      known.set(name, line);
      done.forEach((tell) => tell(line));
    }
    for (const name of known.keys()) {
      if (known.size <= KEPT) break;
      known.delete(name);
    }
  }
}

/**
 * @param {{run_id: string, metric: string, colour?: string, stamp?: string | number, width?: number, height?: number}} props
 *   stamp: differs when the run has new points
 */
export function Sparkline({ run_id, metric, colour: chosen, stamp = "", width = 80, height = 20 }) {
  const [line, setLine] = useState(/** @type {Sampled | null | undefined} */ (undefined));
  useEffect(() => {
    let wanted = true;
    sampled(run_id, metric, String(stamp)).then((found) => wanted && setLine(found));
    return () => {
      wanted = false;
    };
  }, [run_id, metric, stamp]);
  const drawn = line && points(line, width, height);
  return html`<svg class="sparkline" width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${drawn ? `${metric} from ${number(drawn.first)} to ${number(drawn.last)}` : `${metric}`}>
    ${drawn && (drawn.text.includes(" ") ? html`<polyline points=${drawn.text} stroke=${colour(run_id, chosen)} />` : html`<circle cx=${width / 2} cy=${height / 2} r="2" fill=${colour(run_id, chosen)} />`)}
  </svg>`;
}

/** @param {Sampled} line @param {number} width @param {number} height */
function points({ x, values }, width, height) {
  const there = Array.from(values, (value, at) => ({ x: x[at], value })).filter(({ value }) => Number.isFinite(value));
  if (there.length === 0) return null;
  const left = there[0].x;
  const wide = there[there.length - 1].x - left || 1;
  const low = there.reduce((least, { value }) => Math.min(least, value), Infinity);
  const tall = there.reduce((most, { value }) => Math.max(most, value), -Infinity) - low || 1;
  const text = there.map((one) => `${(1 + ((one.x - left) / wide) * (width - 2)).toFixed(1)},${(height - 2 - ((one.value - low) / tall) * (height - 4)).toFixed(1)}`).join(" ");
  return { text, first: there[0].value, last: there[there.length - 1].value };
}
