/** What a chart shows: each run's line of each metric, or each group's, on one row of places, as uPlot and whatever is downloaded take it. Knows nothing of drawing. */

import { colour, nth } from "../ground/colours.js";
import { smoothed } from "./smoothing.js";
import { band, joined, placed, plainRange, straightBelow } from "./transform.js";

/**
 * @typedef {{run_id: string, run_name: string, colour?: string}} Drawn
 * @typedef {{name: string, run_ids: string[], colour?: string}} Group
 * @typedef {{x: string, logX: boolean, logY: boolean, smoothing: number, smoother: import("./smoothing.js").Kind, clip: boolean, band: "" | import("./transform.js").Band, start: number | null, end: number | null}} Look
 * @typedef {import("./transform.js").Values} Values
 * @typedef {{id: string, name: string, of: string, run_id: string, metric: string, colour: string, dash: number[], values: Values, raw: Values | null, low: Values | null, high: Values | null, odd: [number, number][], count: number}} Trace
 *   a line as it is drawn: name: what tells it from the others; of: its run or group; run_id: "" for a group; raw: what it was before it was smoothed; low, high: the band
 *   around it; odd: where it is NaN or infinite
 * @typedef {{x: number[], exact: boolean, traces: Trace[], range: [number, number] | null, straight: number | null, single: boolean, none: boolean, odd: number}} Content
 *   range: of the values without outliers; straight: see `straightBelow`; single: no run has more than one point; none: there is nothing that could be drawn; odd: how many points are no numbers
 * @typedef {{metric: string, lines: import("./data.js").Lines}} Told a metric's lines
 */

/** How the lines of a chart's first, second, ... metric are dashed: one hue is one run. Pixels on and off. */
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [14, 4], [4, 2, 1, 2]];

/**
 * @param {Told[]} told
 * @param {Drawn[]} runs
 * @param {Group[] | null} groups
 * @param {Look} look
 * @returns {Content | null} null: none of the runs has any of the metrics
 */
export function content(told, runs, groups, look) {
  const had = told.flatMap(({ metric, lines }, number) => runs.flatMap((run) => {
    const line = lines.get(run.run_id);
    return line ? [{ metric, run, line, dash: DASHES[number % DASHES.length] }] : [];
  }));
  if (had.length === 0) return null;
  const rows = [...new Set(had.map(({ line }) => line.x))];
  const all = joined(rows);
  const { places } = all;
  let { x } = all;
  /** @param {Values} values @param {number[]} row */
  const at = (values, row) => placed(values, places[rows.indexOf(row)], x.length);
  /** @param {Values} values @param {number} each */
  const smooth = (values, each) => smoothed(values, look.smoothing, each, look.smoother);
  const several = told.length > 1;
  /** @type {Trace[]} */
  let traces;
  if (look.band) {
    traces = told.flatMap(({ metric }, number) => {
      const own = new Map(had.flatMap((one) => (one.metric === metric ? [[one.run.run_id, one]] : [])));
      const shown = groups ?? [{ name: `${own.size} runs`, run_ids: [...own.keys()] }];
      return shown.flatMap((group) => {
        const some = group.run_ids.flatMap((id) => own.get(id) ?? []);
        if (some.length === 0) return [];
        const { mean, low, high } = band(some.map(({ line }) => at(line.values, line.x)), look.band || "std");
        const each = Math.max(...some.map(({ line }) => pointsEach(line.count, line.values)));
        return [{ id: several ? `${metric} ${group.name}` : group.name, name: several ? `${group.name} · ${metric}` : group.name, of: group.name, run_id: "", metric, dash: DASHES[number % DASHES.length],
          colour: group.colour ?? nth(0), values: smooth(mean, each), raw: null,
          low: smooth(low, each), high: smooth(high, each), odd: [], count: some.length }];
      });
    });
  } else {
    traces = had.map(({ metric, run, line, dash }) => {
      const raw = at(line.values, line.x);
      const soft = line.means ?? line.values;
      return { id: several ? `${metric} ${run.run_id}` : run.run_id, name: !several ? run.run_name : runs.length > 1 ? `${run.run_name} · ${metric}` : metric, of: run.run_name, run_id: run.run_id, metric, dash,
        colour: colour(run.run_id, run.colour), low: null, high: null, odd: line.odd, count: line.count,
        values: look.smoothing > 0 ? at(smooth(soft, pointsEach(line.count, soft)), line.x) : raw, raw: look.smoothing > 0 ? raw : null };
    });
  }
  // A part of the axis is told with a point beyond each of its ends: one in all is all that there is, or the part is beside the line.
  const single = !look.x.startsWith("metric:") && had.every(({ line }) => line.count <= 1);
  const first = look.logX && !single ? x.findIndex((place) => place > 0) : 0;
  if (first !== 0) {
    // What is not above zero is not on a logarithmic axis.
    const cut = (/** @type {any[] | null} */ row) => row && (first < 0 ? [] : row.slice(first));
    x = /** @type {number[]} */ (cut(x));
    traces = traces.map((trace) => ({ ...trace, values: /** @type {Values} */ (cut(trace.values)), raw: cut(trace.raw), low: cut(trace.low), high: cut(trace.high), odd: trace.odd.filter(([place]) => place > 0) }));
  }
  const values = traces.flatMap((trace) => (trace.low && trace.high ? [trace.low, trace.high] : [trace.values]));
  return {
    x, traces, exact: had.every(({ line }) => line.exact),
    range: look.clip ? plainRange(values) : null,
    straight: look.logY ? straightBelow([...values, ...traces.flatMap((trace) => (trace.raw ? [trace.raw] : []))]) : null,
    single,
    none: values.every((row) => row.every((value) => value === null)),
    odd: had.reduce((sum, { line }) => sum + line.nans + line.odd.filter(([, value]) => !Number.isNaN(value)).length, 0),
  };
}

/** How many points a value stands for. @param {number} count @param {Values} values */
const pointsEach = (count, values) => count / Math.max(1, values.reduce((/** @type {number} */ sum, value) => sum + (value === null ? 0 : 1), 0));

/**
 * What a chart's lines are asked as.
 * @param {Look} look
 * @param {number} width pixels
 * @param {number} lines how many
 * @returns {import("./data.js").Asked}
 */
export function asking(look, width, lines) {
  // Where many lines lie over each other a part may be two pixels wide: nobody sees it, and it is half as much.
  const fine = (Math.ceil(width / 100) * 100) / (lines > 20 ? 2 : 1);
  return {
    x: look.x, start: look.start, end: look.end, log: look.logX, means: look.band !== "", both: look.smoothing > 0 && look.band === "",
    buckets: Math.max(50, Math.min(2_000, Math.round(fine))),
  };
}
