/** The values at the crosshair, the greatest first: as a list beside it, and as a sentence for who does not see it. */

import { number } from "../ground/format.js";
import { classes, html } from "../ground/html.js";
import { place } from "./plot.js";
import { Stroke } from "./stroke.js";
import { near } from "./transform.js";

/** Values that are listed, and that are said. */
const LISTED = 12;
const SAID = 5;

/** @typedef {{trace: import("./content.js").Trace, value: number, nearest: boolean, band: string}} Reading band: from where to where it goes */

/**
 * The readings at a place.
 * @param {import("./content.js").Content} content
 * @param {import("./content.js").Look} look
 * @param {number} at
 * @param {((value: number) => number) | null} [away] how far a value is from the pointer
 * @returns {Reading[]}
 */
export function readings(content, look, at, away) {
  const reach = Math.ceil(content.x.length / 50);
  /** @type {Reading[]} */
  const found = [];
  for (const trace of content.traces) {
    const value = near(trace.values, at, reach);
    if (value !== null) found.push({ trace, value, nearest: false, band: bandText(look, value, trace.low && near(trace.low, at, reach), trace.high && near(trace.high, at, reach)) });
  }
  found.sort((one, other) => other.value - one.value);
  if (away && found.length > 1) found.reduce((best, one) => (away(one.value) < away(best.value) ? one : best)).nearest = true;
  return found;
}

/** @param {import("./content.js").Look} look @param {number} value @param {number | null} low @param {number | null} high */
function bandText(look, value, low, high) {
  if (low === null || high === null) return "";
  const short = (/** @type {number} */ one) => number(Number(one.toPrecision(3)));
  return look.band === "std" ? `± ${short(high - value)}` : `${short(low)} to ${short(high)}`;
}

/** @param {{content: import("./content.js").Content, look: import("./content.js").Look, at: number, rows: Reading[], left: boolean}} props */
export function Tip({ content, look, at, rows, left }) {
  if (rows.length === 0) return null;
  const listed = rows.slice(0, LISTED);
  const nearest = rows.find((row) => row.nearest);
  if (nearest && !listed.includes(nearest)) listed[LISTED - 1] = nearest;
  const several = listed.some(({ trace }) => trace.metric !== listed[0].trace.metric);
  return html`<div class=${classes("tip", left && "left", (look.band || several) && "broad")}>
    <p class="small quiet">${look.x.replace("metric:", "")} ${place(look, content.x[at])}${!content.exact && html` <span title="More points than pixels: each part's least and greatest value. Zoom in for every point.">≈</span>`}</p>
    ${listed.map(
      (row) => html`<p key=${row.trace.id} class=${classes("row small", row.nearest && "nearest")}><${Stroke} colour=${row.trace.colour} dash=${row.trace.dash} line=${several} /><span class="cut grow">${row.trace.name}</span><span class="number">${number(row.value)}</span>${row.band && html`<span class="number quiet">${row.band}</span>`}</p>`,
    )}
    ${rows.length > listed.length && html`<p class="small quiet">and ${rows.length - listed.length} more</p>`}
  </div>`;
}

/** @param {import("./content.js").Content} content @param {import("./content.js").Look} look @param {number} at */
export function said(content, look, at) {
  const rows = readings(content, look, at);
  const more = rows.length > SAID ? `, and ${rows.length - SAID} more` : "";
  return `${look.x.replace("metric:", "")} ${place(look, content.x[at])}: ${rows.slice(0, SAID).map((row) => `${row.trace.name} ${number(row.value)}${row.band && ` (${row.band})`}`).join(", ") || "no value"}${more}`;
}
