/** What is set for all charts of a board. */

import { counted } from "../ground/format.js";
import { html, useEffect, useState } from "../ground/html.js";
import { points } from "./smoothing.js";

/** Metrics that are offered as an x axis. */
const OFFERED = 200;

/**
 * @param {{keys: string[], look: import("./content.js").Look, set: (changes: Partial<import("./content.js").Look>) => void, many: boolean, groups: string, children?: any}} props
 *   many: there are several runs; groups: what bands are over
 */
export function Toolbar({ keys, look, set, many, groups, children }) {
  const [smoothing, setSmoothing] = useState(look.smoothing);
  useEffect(() => setSmoothing(look.smoothing), [look.smoothing]);
  return html`<div class="row wrap" role="toolbar" aria-label="Charts">
    ${children}
    <label>x <select aria-label="x axis" value=${look.x} onChange=${(/** @type {any} */ event) => set({ x: event.target.value, start: null, end: null })}>
      <option value="step">step</option><option value="relative">relative time</option><option value="time">time</option>
      ${keys.slice(0, OFFERED).map((key) => html`<option key=${key} value=${`metric:${key}`}>${key}</option>`)}
    </select></label>
    <span class="row"><label>smoothing <select aria-label="Kind of smoothing" value=${look.smoother} onChange=${(/** @type {any} */ event) => set({ smoother: event.target.value })}><option value="">exponential</option><option value="gaussian">Gaussian</option><option value="mean">running mean</option></select></label>
      <label><input type="range" aria-label="Smoothing" title=${`As smooth as means of ${Math.round(points(smoothing))}`} min="0" max="0.99" step="0.01" value=${smoothing} onInput=${(/** @type {any} */ event) => setSmoothing(Number(event.target.value))} onChange=${(/** @type {any} */ event) => set({ smoothing: Number(event.target.value) })} /> <span class="number small quiet">${look.smoother === "mean" ? counted(Math.round(points(smoothing)), "point") : smoothing.toFixed(2)}</span></label></span>
    <span class="buttons" role="group" aria-label="Axes">
      <button type="button" aria-pressed=${look.logX} onClick=${() => set({ logX: !look.logX })}>log x</button>
      <button type="button" aria-pressed=${look.logY} onClick=${() => set({ logY: !look.logY })}>log y</button>
      <button type="button" aria-pressed=${look.clip} onClick=${() => set({ clip: !look.clip })}>clip outliers</button>
    </span>
    ${many && html`<label>${groups} <select aria-label=${`Lines of ${groups}`} value=${look.band} onChange=${(/** @type {any} */ event) => set({ band: event.target.value })}>
      <option value="">each run</option><option value="std">mean ± std</option><option value="sem">mean ± standard error</option><option value="ci">mean, 95% interval</option><option value="range">mean, min to max</option>
    </select></label>`}
    ${look.start !== null && html`<button type="button" onClick=${() => set({ start: null, end: null })}>Show all</button>`}
  </div>`;
}
