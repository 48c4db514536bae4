/** What is set for all charts of a board: in one row, as wide as that is (styles/runs.css). */

import { counted } from "../ground/format.js";
import { html, useEffect, useState } from "../ground/html.js";
import { Menu } from "../parts/menu.js";
import { points } from "./smoothing.js";

/** Metrics that are offered as an x axis. */
const OFFERED = 200;

/** What is on or off. @type {["logX" | "logY" | "clip", string][]} */
const SWITCHES = [["logX", "log x"], ["logY", "log y"], ["clip", "clip outliers"]];

/**
 * @param {{keys: string[], look: import("./content.js").Look, set: (changes: Partial<import("./content.js").Look>) => void, many: boolean, groups: string, children?: any}} props
 *   many: there are several runs; groups: what bands are over
 */
export function Toolbar({ keys, look, set, many, groups, children }) {
  const [smoothing, setSmoothing] = useState(look.smoothing);
  useEffect(() => setSmoothing(look.smoothing), [look.smoothing]);
  const kind = html`<select aria-label="Kind of smoothing" value=${look.smoother} onChange=${(/** @type {any} */ event) => set({ smoother: event.target.value })}><option value="">exponential</option><option value="gaussian">Gaussian</option><option value="mean">running mean</option></select>`;
  const lines = html`<select aria-label=${`Lines of ${groups}`} value=${look.band} onChange=${(/** @type {any} */ event) => set({ band: event.target.value })}>
    <option value="">each run</option><option value="std">mean ± std</option><option value="sem">mean ± standard error</option><option value="ci">mean, 95% interval</option><option value="range">mean, min to max</option>
  </select>`;
  const on = SWITCHES.flatMap(([name, label]) => (look[name] ? [label] : []));
  return html`<div class="row wrap" role="toolbar" aria-label="Charts">
    ${children}
    <span class="when-narrow"><${Menu} label=${on.join(", ") || "Axes"} title="Axes, smoothing, lines" stays right>
      <div class="choices">
        ${SWITCHES.map(([name, label]) => html`<label key=${name}><input type="checkbox" checked=${look[name]} onChange=${() => set({ [name]: !look[name] })} /> ${label}</label>`)}
        <label class="field">Kind of smoothing ${kind}</label>
        ${many && html`<label class="field">Lines of ${groups} ${lines}</label>`}
      </div>
    <//></span>
    <label>x <select aria-label="x axis" value=${look.x} onChange=${(/** @type {any} */ event) => set({ x: event.target.value, start: null, end: null })}>
      <option value="step">step</option><option value="relative">relative time</option><option value="time">time</option>
      ${keys.slice(0, OFFERED).map((key) => html`<option key=${key} value=${`metric:${key}`}>${key}</option>`)}
    </select></label>
    <label class="smoothing">smoothing <input type="range" aria-label="Smoothing" title=${`As smooth as means of ${Math.round(points(smoothing))}`} min="0" max="0.99" step="0.01" value=${smoothing} onInput=${(/** @type {any} */ event) => setSmoothing(Number(event.target.value))} onChange=${(/** @type {any} */ event) => set({ smoothing: Number(event.target.value) })} /> <span class="number small quiet">${look.smoother === "mean" ? counted(Math.round(points(smoothing)), "point") : smoothing.toFixed(2)}</span></label>
    ${smoothing > 0 && html`<span class="when-wide">${kind}</span>`}
    <span class="buttons when-wide" role="group" aria-label="Axes">
      ${SWITCHES.map(([name, label]) => html`<button key=${name} type="button" aria-pressed=${look[name]} onClick=${() => set({ [name]: !look[name] })}>${label}</button>`)}
    </span>
    ${many && html`<label class="when-wide">${groups} ${lines}</label>`}
    ${look.start !== null && html`<button type="button" onClick=${() => set({ start: null, end: null })}>Show all</button>`}
  </div>`;
}
