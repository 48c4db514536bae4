/** Canvases of the size they have on the screen, and pictures that are drawn a few milliseconds at a time. */

import { shade } from "../ground/colours.js";
import { useEffect, useState } from "../ground/html.js";

/** Milliseconds of a frame that are drawn in. */
const SLICE = 9;

/**
 * A canvas, empty, with a pixel for each of the screen's.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export function cleared(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = `11px ${shade("--font")}`;
  return context;
}

/**
 * Do something in parts, as many in a frame as leave it time to be a frame. The first come at once.
 * @param {number} count parts
 * @param {(at: number) => void} part
 * @returns {() => void} gives it up
 */
export function inSlices(count, part) {
  let at = 0;
  let frame = 0;
  const go = () => {
    const start = performance.now();
    while (at < count && performance.now() - start < SLICE) part(at++);
    if (at < count) frame = window.requestAnimationFrame(go);
  };
  go();
  return () => window.cancelAnimationFrame(frame);
}

/** A text that is no wider than there is room. @param {CanvasRenderingContext2D} context @param {string} text @param {number} room */
export function cut(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let [fits, not] = [0, Math.min(text.length, 120)];
  while (not - fits > 1) {
    const middle = (fits + not) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= room) fits = middle;
    else not = middle;
  }
  return `${text.slice(0, fits)}…`;
}

/**
 * What something is once it has stood still for a moment: what is dear to draw waits for the end of a movement.
 * @template T
 * @param {T} value
 * @param {number} [ms]
 * @returns {T}
 */
export function useCalm(value, ms = 90) {
  const [calm, setCalm] = useState({ value });
  useEffect(() => {
    const waiting = window.setTimeout(() => setCalm({ value }), ms);
    return () => window.clearTimeout(waiting);
  }, [value]);
  return calm.value;
}
