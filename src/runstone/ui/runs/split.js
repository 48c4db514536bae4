/** Two halves beside each other, with a bar between them that can be drawn (or moved by arrow keys); where it stands is remembered. */

import { html, useRef } from "../ground/html.js";
import { kept } from "../ground/kept.js";
import { whilePressed } from "../parts/dragging.js";

const share = kept("split", 0.5);
const LEAST = 0.2;
const MOST = 0.8;

/** @param {{left: any, right: any}} props */
export function Split({ left, right }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  /** @param {number} next */
  const set = (next) => {
    share.value = Math.round(Math.min(MOST, Math.max(LEAST, next)) * 1000) / 1000;
  };
  /** @param {PointerEvent} event */
  const take = (event) => {
    event.preventDefault();
    const bar = /** @type {HTMLElement} */ (event.currentTarget);
    bar.setPointerCapture(event.pointerId);
    const { left: from, width } = /** @type {HTMLDivElement} */ (box.current).getBoundingClientRect();
    whilePressed((moved) => set((moved.clientX - from) / width));
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const by = event.key === "ArrowLeft" ? -0.05 : event.key === "ArrowRight" ? 0.05 : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    set(share.value + by);
  };
  const percent = Math.round(share.value * 100);
  return html`<div class="split" ref=${box} style=${{ gridTemplateColumns: `minmax(0, ${share.value}fr) 9px minmax(0, ${1 - share.value}fr)` }}>
    ${left}
    <div class="split-bar" role="separator" tabindex="0" aria-orientation="vertical" aria-label="Width of the table" aria-valuenow=${percent} aria-valuemin=${LEAST * 100} aria-valuemax=${MOST * 100}
      onPointerDown=${take} onKeyDown=${onKey} onDblClick=${() => set(0.5)} />
    <div class="split-side">${right}</div>
  </div>`;
}
