/**
 * Parallel coordinates: an axis for each column, a line for each run. Drawing along an axis chooses a part of it; the lines that lie in all parts
 * are coloured. Lines lie on three canvases: all of them faint, those that fit, what the pointer is at; so a brush redraws the second alone.
 */

import { shade } from "../ground/colours.js";
import { number } from "../ground/format.js";
import { html, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { dark } from "../ground/kept.js";
import { useWidth } from "../parts/width.js";
import { between, spans } from "./brushes.js";
import { cleared, cut, inSlices } from "./surface.js";

const HEIGHT = 300;
const TOP = 12;
const MISSING = 18; // below the axes: where a run has no value
const SIDE = 70;
const APART = 84;
/** Lines that are drawn in one stroke of each colour; pixels around an axis that belong to it. */
const TOGETHER = 240;
const NEAR = 16;

/**
 * @param {{
 *   axes: import("./data.js").Column[], scales: Map<string, import("./scales.js").Scale>, ink: import("./ink.js").Ink, fits: Uint8Array, sweep: import("./data.js").Sweep,
 *   brushes: import("./brushes.js").Brushes, brush: (id: string, brush: import("./brushes.js").Brush | null, done: boolean) => void,
 *   at: number, setAt: (run: number) => void, open: (run: number) => void, head: (column: import("./data.js").Column, at: number) => any,
 * }} props head: what stands above an axis; at: the run that the pointer is at, or -1
 */
export function Parallel({ axes, scales, ink, fits, sweep, brushes, brush, at, setAt, open, head }) {
  const [box, seen] = useWidth();
  // On a phone axes keep their distance, and are scrolled.
  const width = seen && Math.max(seen, 2 * SIDE + APART * (axes.length - 1));
  const faint = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const bright = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const above = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [drag, setDrag] = useState(/** @type {{axis: number, from: number} | null} */ (null));
  const count = sweep.ids.length;
  const bottom = HEIGHT - TOP - MISSING;
  const left = useMemo(() => axes.map((_, place) => (axes.length < 2 ? width / 2 : SIDE + ((width - 2 * SIDE) * place) / (axes.length - 1))), [axes, width]);
  const heights = useMemo(
    () => axes.map((column) => {
      const scale = /** @type {import("./scales.js").Scale} */ (scales.get(column.id));
      return Float32Array.from(column.numbers, (value) => (Number.isNaN(value) ? HEIGHT - 5 : TOP + (1 - scale.of(value)) * (bottom - TOP)));
    }),
    [axes, scales, bottom],
  );

  /** @param {CanvasRenderingContext2D} context @param {number} run */
  const trace = (context, run) => {
    context.moveTo(left[0], heights[0][run]);
    for (let place = 1; place < axes.length; place += 1) context.lineTo(left[place], heights[place][run]);
  };
  useEffect(() => {
    if (width === 0 || !faint.current || axes.length < 2) return undefined;
    const context = cleared(faint.current, width, HEIGHT);
    context.strokeStyle = shade("--faint");
    context.globalAlpha = Math.min(0.25, Math.max(0.03, 40 / count));
    return inSlices(Math.ceil(count / TOGETHER), (part) => {
      context.beginPath();
      for (let run = part; run < count; run += Math.ceil(count / TOGETHER)) trace(context, run);
      context.stroke();
    });
  }, [heights, left, dark.value]);
  useEffect(() => {
    if (width === 0 || !bright.current || axes.length < 2) return undefined;
    const context = cleared(bright.current, width, HEIGHT);
    const inks = [...ink.tints, shade("--quiet")];
    const none = ink.tints.length;
    /** @type {number[]} */
    const runs = [];
    for (let run = 0; run < count; run += 1) if (fits[run]) runs.push(run);
    context.globalAlpha = Math.min(0.85, Math.max(0.16, 150 / runs.length));
    const parts = Math.ceil(runs.length / TOGETHER);
    return inSlices(parts, (part) => {
      /** @type {number[][]} */
      const some = inks.map(() => []);
      for (let place = part; place < runs.length; place += parts) some[ink.of[runs[place]] < 0 ? none : ink.of[runs[place]]].push(runs[place]);
      some.forEach((list, tint) => {
        if (list.length === 0) return;
        context.strokeStyle = inks[tint];
        context.beginPath();
        for (const run of list) trace(context, run);
        context.stroke();
      });
    });
  }, [heights, left, fits, ink, dark.value]);
  useEffect(() => {
    if (width === 0 || !above.current) return;
    const context = cleared(above.current, width, HEIGHT);
    axes.forEach((column, place) => {
      const scale = /** @type {import("./scales.js").Scale} */ (scales.get(column.id));
      const x = Math.round(left[place]) + 0.5;
      context.strokeStyle = shade("--border-strong");
      context.beginPath();
      context.moveTo(x, TOP);
      context.lineTo(x, bottom);
      context.stroke();
      for (const [low, high] of brushes[column.id] ? spans(brushes[column.id], column, scale) : []) {
        context.fillStyle = shade("--accent");
        const [from, to] = [TOP + (1 - high) * (bottom - TOP), TOP + (1 - low) * (bottom - TOP)];
        context.globalAlpha = 0.28;
        context.fillRect(x - 8, from, 16, Math.max(2, to - from));
        context.globalAlpha = 1;
        context.fillRect(x - 8, from, 16, 1.5);
        context.fillRect(x - 8, to - 1, 16, 1.5);
      }
      context.textAlign = "left";
      context.textBaseline = "middle";
      const room = place === axes.length - 1 ? SIDE - 6 : Math.max(24, (width - 2 * SIDE) / Math.max(1, axes.length - 1) - 20);
      for (const { part, text } of scale.ticks) {
        const y = TOP + (1 - part) * (bottom - TOP);
        const shown = cut(context, text, room);
        written(context, shown, x + 5, y);
      }
      if (column.numbers.some(Number.isNaN)) written(context, "none", x + 5, HEIGHT - 6);
    });
    if (at >= 0 && axes.length > 1) {
      context.strokeStyle = shade("--text");
      context.lineWidth = 2;
      context.beginPath();
      trace(context, at);
      context.stroke();
    }
  }, [heights, left, brushes, at, dark.value]);

  /** @param {PointerEvent} event */
  const place = (event) => {
    const bounds = /** @type {HTMLCanvasElement} */ (above.current).getBoundingClientRect();
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    const axis = left.findIndex((one) => Math.abs(one - x) <= NEAR);
    return { x, y, axis, part: Math.min(1, Math.max(0, 1 - (y - TOP) / (bottom - TOP))) };
  };
  /** @param {number} x @param {number} y */
  const nearest = (x, y) => {
    const next = left.findIndex((one) => one >= x);
    if (next < 1) return -1;
    const part = (x - left[next - 1]) / (left[next] - left[next - 1]);
    let [found, least] = [-1, 7];
    for (let run = 0; run < count; run += 1) {
      if (!fits[run]) continue;
      const away = Math.abs(heights[next - 1][run] + part * (heights[next][run] - heights[next - 1][run]) - y);
      if (away < least) [found, least] = [run, away];
    }
    return found;
  };
  /** @param {number} axis @param {number} from @param {number} to @param {boolean} done */
  const choose = (axis, from, to, done) => {
    const column = axes[axis];
    brush(column.id, between(column, /** @type {import("./scales.js").Scale} */ (scales.get(column.id)), Math.min(from, to), Math.max(from, to)), done);
  };
  /** @param {PointerEvent} event */
  const down = (event) => {
    const { axis, part } = place(event);
    if (axis < 0 || event.button !== 0) return;
    event.preventDefault();
    /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
    setDrag({ axis, from: part });
    setAt(-1);
  };
  /** @param {PointerEvent} event */
  const move = (event) => {
    const { x, y, axis, part } = place(event);
    if (drag) choose(drag.axis, drag.from, part, false);
    else {
      /** @type {HTMLElement} */ (event.currentTarget).style.cursor = axis >= 0 ? "ns-resize" : at >= 0 ? "pointer" : "default";
      setAt(axis >= 0 ? -1 : nearest(x, y));
    }
  };
  /** @param {PointerEvent} event */
  const up = (event) => {
    if (!drag) {
      if (at >= 0) open(at);
      return;
    }
    const { part } = place(event);
    if (Math.abs(part - drag.from) * (bottom - TOP) < 4) brush(axes[drag.axis].id, null, true);
    else choose(drag.axis, drag.from, part, true);
    setDrag(null);
  };
  const fit = fits.reduce((sum, one) => sum + one, 0);
  return html`<div ref=${box}><div class=${width > seen ? "parallel broad" : "parallel"}>
    <div class="axes" style=${{ height: "28px", width: `${width}px` }}>${axes.map((column, axis) => html`<span key=${column.id} style=${{ left: `${left[axis]}px`, maxWidth: `${Math.min(160, axes.length > 1 ? left[1] - left[0] - 6 : 160)}px` }}>${head(column, axis)}</span>`)}</div>
    <div class="layers" style=${{ height: `${HEIGHT}px`, width: `${width}px` }} onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${() => setDrag(null)} onPointerLeave=${() => !drag && setAt(-1)}
      role="img" aria-label=${`Parallel coordinates of ${count} runs over ${axes.map((column) => column.title).join(", ")}; ${fit} are within the chosen parts`}>
      <canvas ref=${faint} /><canvas ref=${bright} /><canvas ref=${above} />
      ${left.map((x) => html`<i class="strip" style=${{ left: `${x - NEAR}px`, width: `${2 * NEAR}px` }} />`)}
    </div></div>
    <p class="small quiet said cut" aria-live="off">${at >= 0 ? html`<strong>${sweep.names[at]}</strong> ${axes.map((column) => html` · ${column.title} ${told(column, at)}`)}` : "Draw along an axis to choose a part of it; a click on it lets it go."}</p>
  </div>`;
}

/** A run's value as text. @param {import("./data.js").Column} column @param {number} run */
export const told = (column, run) => (Number.isNaN(column.numbers[run]) ? "none" : column.kinds ? column.kinds[column.numbers[run]] : number(column.numbers[run]));

/** A text over lines: with a rim of the ground's colour. @param {CanvasRenderingContext2D} context @param {string} text @param {number} x @param {number} y */
function written(context, text, x, y) {
  context.lineWidth = 3;
  context.strokeStyle = shade("--surface");
  context.strokeText(text, x, y);
  context.lineWidth = 1;
  context.fillStyle = shade("--text");
  context.fillText(text, x, y);
}
