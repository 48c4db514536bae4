/** Two axes and what is drawn between them: the frame that scatter, boxes, heat map and contour share. */

import { shade } from "../ground/colours.js";
import { html, useEffect, useRef, useState } from "../ground/html.js";
import { dark } from "../ground/kept.js";
import { useWidth } from "../parts/width.js";
import { cleared, cut } from "./surface.js";

const HEIGHT = 340;
const EDGE = { left: 74, right: 14, top: 10, bottom: 44 };

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Field where it is drawn, in pixels
 * @typedef {{across: (part: number) => number, up: (part: number) => number, field: Field}} Places of parts from 0 to 1 on both axes
 */

/**
 * @param {{
 *   x: import("./scales.js").Scale, y: import("./scales.js").Scale, titles: [string, string], label: string, deps: unknown[],
 *   draw: (context: CanvasRenderingContext2D, places: Places) => (() => void) | void, mark?: (context: CanvasRenderingContext2D, places: Places) => void, marked?: unknown,
 *   hover?: (x: number, y: number, places: Places) => void, choose?: (x: [number, number], y: [number, number]) => void, click?: () => void,
 * }} props draw gives back what stops it; mark is drawn above, whenever `marked` changes; choose is told of what is drawn around, in parts of the axes
 */
export function Plane({ x, y, titles, label, deps, draw, mark, marked, hover, choose, click }) {
  const [box, width] = useWidth();
  const below = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const above = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [drag, setDrag] = useState(/** @type {{from: [number, number], to: [number, number]} | null} */ (null));
  const field = { x: EDGE.left, y: EDGE.top, width: Math.max(10, width - EDGE.left - EDGE.right), height: HEIGHT - EDGE.top - EDGE.bottom };
  const places = { field, across: (/** @type {number} */ part) => field.x + part * field.width, up: (/** @type {number} */ part) => field.y + (1 - part) * field.height };
  useEffect(() => {
    if (width === 0 || !below.current) return undefined;
    const context = cleared(below.current, width, HEIGHT);
    framed(context, places, x, y, titles);
    context.save();
    context.beginPath();
    context.rect(field.x - 5, field.y - 5, field.width + 10, field.height + 10);
    context.clip();
    const stop = draw(context, places);
    return () => {
      stop?.();
      context.restore();
    };
  }, [width, x, y, dark.value, ...deps]);
  useEffect(() => {
    if (width === 0 || !above.current) return;
    const context = cleared(above.current, width, HEIGHT);
    mark?.(context, places);
    if (!drag) return;
    context.fillStyle = shade("--accent");
    context.strokeStyle = shade("--accent");
    const [left, top, wide, high] = [Math.min(drag.from[0], drag.to[0]), Math.min(drag.from[1], drag.to[1]), Math.abs(drag.to[0] - drag.from[0]), Math.abs(drag.to[1] - drag.from[1])];
    context.globalAlpha = 0.15;
    context.fillRect(left, top, wide, high);
    context.globalAlpha = 1;
    context.strokeRect(left, top, wide, high);
  }, [width, x, y, dark.value, marked, drag]);
  /** @param {PointerEvent} event @returns {[number, number]} */
  const at = (event) => {
    const bounds = /** @type {HTMLCanvasElement} */ (above.current).getBoundingClientRect();
    return [event.clientX - bounds.left, event.clientY - bounds.top];
  };
  /** @param {PointerEvent} event */
  const down = (event) => {
    if (event.button !== 0 || !choose) return;
    event.preventDefault();
    /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
    setDrag({ from: at(event), to: at(event) });
  };
  /** @param {PointerEvent} event */
  const move = (event) => {
    if (drag) setDrag({ from: drag.from, to: at(event) });
    else hover?.(...at(event), places);
  };
  /** @param {PointerEvent} event */
  const up = (event) => {
    const to = at(event);
    setDrag(null);
    if (!drag || Math.hypot(to[0] - drag.from[0], to[1] - drag.from[1]) < 5) {
      click?.();
      return;
    }
    /** @param {number} one @param {number} other @param {number} start @param {number} span @returns {[number, number]} */
    const part = (one, other, start, span) => [(Math.min(one, other) - start) / span, (Math.max(one, other) - start) / span];
    const across = part(drag.from[0], to[0], field.x, field.width);
    const high = part(drag.from[1], to[1], field.y, field.height);
    choose?.(across, [1 - high[1], 1 - high[0]]);
  };
  return html`<div class="plane" ref=${box}>
    <div class="layers" style=${{ height: `${HEIGHT}px` }} role="img" aria-label=${label}>
      <canvas ref=${below} />
      <canvas ref=${above} onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${() => setDrag(null)} onPointerLeave=${() => !drag && hover?.(-1e6, -1e6, places)} />
    </div>
  </div>`;
}

/**
 * Lines, values and names of the axes.
 * @param {CanvasRenderingContext2D} context
 * @param {Places} places
 * @param {import("./scales.js").Scale} x
 * @param {import("./scales.js").Scale} y
 * @param {[string, string]} titles
 */
function framed(context, { across, up, field }, x, y, titles) {
  context.strokeStyle = shade("--grid");
  context.fillStyle = shade("--quiet");
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const { part, text } of y.ticks) {
    const at = Math.round(up(part)) + 0.5;
    context.beginPath();
    context.moveTo(field.x, at);
    context.lineTo(field.x + field.width, at);
    context.stroke();
    context.fillText(cut(context, text, EDGE.left - 10 - 14), field.x - 6, at);
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  const room = field.width / Math.max(1, x.ticks.length) - 4;
  x.ticks.forEach(({ part, text }) => {
    const at = Math.round(across(part)) + 0.5;
    context.beginPath();
    context.moveTo(at, field.y);
    context.lineTo(at, field.y + field.height);
    context.stroke();
    context.fillText(cut(context, text, Math.max(room, 26)), Math.min(at, field.x + field.width - 8), field.y + field.height + 6);
  });
  context.fillStyle = shade("--text");
  context.fillText(cut(context, titles[0], field.width), field.x + field.width / 2, field.y + field.height + 25);
  context.save();
  context.translate(10, field.y + field.height / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "middle";
  context.fillText(cut(context, titles[1], field.height), 0, 0);
  context.restore();
}
