/**
 * A figure as plotly writes it, told in words: drawing it takes plotly (4 MB). Logged as HTML it draws itself, in a cage.
 */

import { html } from "../ground/html.js";

/** @param {any} value */
const text = (value) => (typeof value === "string" ? value : typeof value?.text === "string" ? value.text : "");

/**
 * @param {any} value what the file holds
 * @returns {any} what is said of the figure; null where it is none
 */
export function figure(value) {
  if (!Array.isArray(value?.data) || typeof value.layout !== "object" || value.layout === null) return null;
  const traces = value.data.slice(0, 50).filter((/** @type {any} */ one) => typeof one === "object" && one !== null);
  const { layout } = value;
  /** @type {[string, string][]} */
  const facts = [
    ["Title", text(layout.title)],
    ["Across", text(layout.xaxis?.title)],
    ["Up", text(layout.yaxis?.title)],
  ];
  return html`<div class="inside column">
    <p class="quiet">A figure of plotly's with ${value.data.length} ${value.data.length === 1 ? "trace" : "traces"}. This page does not draw it; logged under a name that ends in .html it draws itself here.</p>
    <dl class="facts">
      ${facts.filter(([, said]) => said).map(([name, said]) => html`<dt>${name}</dt><dd>${said}</dd>`)}
      ${traces.map((/** @type {any} */ one, /** @type {number} */ at) => html`<dt>Trace ${at + 1}</dt><dd>${[typeof one.type === "string" ? one.type : "scatter", text(one.name), points(one)].filter(Boolean).join(" · ")}</dd>`)}
    </dl>
  </div>`;
}

/** @param {any} trace */
function points(trace) {
  const found = [trace.y, trace.x, trace.z, trace.values].find(Array.isArray);
  return found ? `${found.length.toLocaleString("en")} values` : "";
}
