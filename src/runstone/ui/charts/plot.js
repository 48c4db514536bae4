/** A chart's content as uPlot draws it. What only changes values keeps the plot that is there. */

import uPlot from "uplot";
import { shade } from "../ground/colours.js";
import { duration, number, when } from "../ground/format.js";
import { about, decades, mirrored, moment, numbers, short, since, TIMES } from "./axes.js";
import { linked, raised } from "./raising.js";

/**
 * @typedef {import("./content.js").Content} Content
 * @typedef {import("./content.js").Look} Look
 * @typedef {{start: number | null, end: number | null, content: Content}} Seen what is looked at now; the plot reads it whenever it draws
 * @typedef {{width: number, height: number, sync: string, zoom: (start: number | null, end: number | null) => void, moved: (plot: uPlot) => void, ready: (plot: uPlot) => void}} How
 */

/**
 * What a plot is made for: while it stays the same, its values may change.
 * @param {Content} content
 * @param {Look} look
 * @param {boolean} dark
 * @param {number} height
 */
export const kind = (content, look, dark, height) =>
  JSON.stringify([look.x, look.logX, look.logY, content.straight, dark, height, few(content), content.traces.map((trace) => [trace.id, trace.of, trace.colour, trace.dash, trace.raw === null, trace.low === null])]);

const MANY = 20;

/** What values differ by, of their size, where they are the same but for arithmetic. */
const NOISE = 1e-9;

/** Few enough that each point is shown. @param {Content} content */
const few = (content) => content.x.length < 40 && content.traces.length < 20;

/** @param {import("./content.js").Trace} trace */
const who = ({ run_id, of }) => run_id || of;

/** @param {unknown} one @param {unknown} other */
const same = (one, other) => one === other;

/** A line of one point is no line: it is shown as a point. @param {uPlot} plot @param {number} line */
function alone(plot, line) {
  let count = 0;
  for (const value of plot.data[line]) if (value !== null && (count += 1) > 1) return false;
  return count === 1;
}

/** @param {Content} content @returns {any[]} one row of values for each of the plot's series */
export function columns({ x, traces }) {
  const ghosts = traces.flatMap((trace) => (trace.raw ? [trace.raw] : []));
  const bands = traces.flatMap((trace) => (trace.low && trace.high ? [trace.high, trace.low] : []));
  return [x, ...ghosts, ...bands, ...traces.map((trace) => trace.values)];
}

/** Where a place on the x axis is told. @param {Look} look @param {number} x */
export const place = (look, x) => (look.x === "time" ? when(x * 1_000) : look.x === "relative" ? duration(x * 1_000) || "0s" : look.x === "step" ? String(Math.round(x)).replace("-", "−") : number(x));

/**
 * @param {Content} content
 * @param {Look} look
 * @param {Seen} seen
 * @param {How} how
 * @param {HTMLElement} where
 */
export function plotted(content, look, seen, { width, height, sync, zoom, moved, ready }, where) {
  const tones = { text: shade("--quiet"), grid: shade("--grid"), font: `11px ${shade("--font")}`, bad: shade("--bad") };
  const axis = { stroke: tones.text, grid: { stroke: tones.grid, width: 1 }, ticks: { stroke: tones.grid, width: 1, size: 4 }, font: tones.font, gap: 4 };
  const points = { show: few(content) || alone, size: 5 };
  const none = { show: false };
  // A line of one pixel is rasterized several times as fast as a wider one; a hundred are not told apart by their width.
  const thick = content.traces.length > MANY ? 1 : 1.5;
  const ghosts = content.traces.filter((trace) => trace.raw);
  const banded = content.traces.filter((trace) => trace.low);
  const first = 1 + ghosts.length + 2 * banded.length; // of the lines themselves
  const edge = { width: 0, spanGaps: true, points: none };
  /** @type {any} */
  const options = {
    width, height, padding: [8, 14, 0, 0], legend: { show: false },
    series: [
      {},
      ...ghosts.map((trace) => ({ who: who(trace), stroke: `${trace.colour}38`, width: 1, spanGaps: true, points: none })),
      ...banded.flatMap((trace) => [{ who: who(trace), ...edge }, { who: who(trace), ...edge }]),
      ...content.traces.map((trace) => ({ who: who(trace), stroke: trace.colour, dash: trace.dash, width: thick, spanGaps: true, points: { ...points, fill: trace.colour } })),
    ],
    bands: banded.map((trace, at) => ({ series: [1 + ghosts.length + 2 * at, 2 + ghosts.length + 2 * at], fill: `${trace.colour}2e` })),
    scales: {
      x: { time: false, distr: look.logX ? 3 : 1, range: () => across(seen, look) },
      y: { distr: look.logY ? (content.straight === null ? 3 : 4) : 1, asinh: content.straight ?? 1, range: (/** @type {any} */ _, /** @type {number} */ least, /** @type {number} */ most) => upwards(seen.content, look, least, most) },
    },
    axes: [
      { ...axis, size: 28, space: look.x === "time" ? 70 : 50, splits: look.logX ? between : undefined, incrs: look.x === "time" || look.x === "relative" ? TIMES : undefined,
        values: (/** @type {any} */ _, /** @type {(number | null)[]} */ ticks, /** @type {any} */ __, /** @type {any} */ ___, /** @type {number} */ apart) => (
          look.logX ? ticks.map((tick) => (tick === null ? "" : look.x === "relative" ? since(tick) : look.x === "time" ? moment(tick, 1) : short(tick)))
          : look.x === "relative" ? ticks.map((tick) => since(tick ?? 0)) : look.x === "time" ? ticks.map((tick) => moment(tick ?? 0, apart)) : numbers(ticks, apart)) },
      { ...axis, splits: look.logY ? between : undefined, size: (/** @type {any} */ _, /** @type {string[] | null} */ texts) => Math.max(54, 14 + 6.4 * Math.max(0, ...(texts ?? []).map((text) => text.length))),
        values: (/** @type {uPlot} */ _, /** @type {(number | null)[]} */ ticks, /** @type {any} */ __, /** @type {any} */ ___, /** @type {number} */ apart) => (
          seen.content.none ? ticks.map(() => "") : look.logY ? ticks.map((tick) => (tick === null ? "" : short(tick))) : numbers(ticks, apart)) },
    ],
    cursor: { sync: { key: sync, setSeries: true, match: [same, same, linked] }, drag: { x: true, y: false, setScale: false }, points: none,
      focus: { prox: 16, dist: (/** @type {any} */ _, /** @type {number} */ line, /** @type {any} */ __, /** @type {number} */ one, /** @type {number} */ other) => (line < first ? Infinity : one - other) },
      bind: { dblclick: () => () => null } },
    focus: { alpha: content.traces.length > 1 ? 0.3 : 1 },
    hooks: {
      setSelect: [
        (/** @type {uPlot} */ self) => {
          const { left, width: wide } = self.select;
          if (wide < 4) return;
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          zoom(self.posToVal(left, "x"), self.posToVal(left + wide, "x"));
        },
      ],
      setCursor: [moved],
      draw: [(/** @type {uPlot} */ self) => raised(self, first, uPlot.pxRatio), (/** @type {uPlot} */ self) => marks(self, seen.content)],
      ready: [(/** @type {uPlot} */ self) => self.over.addEventListener("dblclick", () => zoom(null, null)), ready],
    },
  };
  return new uPlot(options, /** @type {any} */ (columns(content)), where);
}

/** Where a logarithmic axis has ticks. @param {uPlot} plot @param {number} axis @param {number} from @param {number} to */
function between({ scales, axes }, axis, from, to) {
  const scale = /** @type {any} */ (scales[/** @type {string} */ (axes[axis].scale)]);
  return scale.distr === 4 ? mirrored(from, to, scale.asinh) : decades(from, to);
}

/** @param {Seen} seen @param {Look} look @returns {[number, number]} */
function across({ start, end, content: { x, exact } }, look) {
  if (start !== null && end !== null && !(look.logX && start <= 0)) return [start, end];
  // The places of what is no single point are within the part that it stands for.
  const within = exact || look.logX || x.length < 2 ? 0 : (x[1] - x[0]) / 2;
  const first = (x[0] ?? 1) - within;
  const last = (x[x.length - 1] ?? first) + within;
  return last > first ? [first, last] : look.logX ? [first / 2, first * 2] : [first - 1, first + 1];
}

/** @param {Content} content @param {Look} look @param {number | null} least @param {number | null} most @returns {any} */
function upwards({ range, straight }, look, least, most) {
  const from = range ? range[0] : least;
  const to = range ? range[1] : most;
  if (from === null || to === null) return look.logY ? [1, 10] : [0, 1];
  if (!look.logY && to - from <= Math.abs(to) * NOISE) return about((from + to) / 2);
  if (!look.logY) return uPlot.rangeNum(from, to, 0.06, true);
  if (straight !== null) return uPlot.rangeAsinh(from, to, 10, true);
  const room = to > from ? (to / from) ** 0.06 : 1.5;
  return [from / room, to * room];
}

/** What is NaN is marked by a cross at the foot of the chart, what is infinite by an arrow at its edge. @param {uPlot} plot @param {Content} content */
function marks(plot, { traces, none }) {
  if (none) return; // a sentence says so
  const { ctx, bbox } = plot;
  const size = 3.5 * uPlot.pxRatio;
  for (const { odd, colour } of traces) {
    if (odd.length === 0) continue;
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.5 * uPlot.pxRatio;
    ctx.beginPath();
    for (const [x, value] of odd) {
      const left = plot.valToPos(x, "x", true);
      if (left < bbox.left || left > bbox.left + bbox.width) continue;
      const top = value > 0 ? bbox.top + 2 * size : bbox.top + bbox.height - 2 * size;
      if (Number.isNaN(value)) {
        ctx.moveTo(left - size, top - size);
        ctx.lineTo(left + size, top + size);
        ctx.moveTo(left + size, top - size);
        ctx.lineTo(left - size, top + size);
      } else {
        const up = value > 0 ? -size : size;
        ctx.moveTo(left - size, top);
        ctx.lineTo(left, top + up);
        ctx.lineTo(left + size, top);
      }
    }
    ctx.stroke();
    ctx.restore();
  }
}
