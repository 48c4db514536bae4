/** The values at the crosshair, the greatest first: as a list beside it, and as a sentence for who does not see it. */

import { number } from "../ground/format.js";
import { classes, html } from "../ground/html.js";
import { link } from "../ground/route.js";
import { after, apart, common, listing } from "./listing.js";
import { place } from "./plot.js";
import { Stroke } from "./stroke.js";
import { near } from "./transform.js";

/** Values that are listed: at the pointer, and where they are held; values that are said. */
const LISTED = 12;
const HELD = 200;
const SAID = 5;
/** Pixels of the list, and between it and the crosshair. */
const [NARROW, FULL, WIDE, BROAD, GAP] = [180, 220, 260, 340, 10];

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
  return look.band !== "range" ? `± ${short(high - value)}` : `${short(low)} to ${short(high)}`;
}

/**
 * @param {{
 *   content: import("./content.js").Content, look: import("./content.js").Look, hover: import("./reading.js").Hover, rows: Reading[], held: boolean, close: () => void,
 * }} props held: it stays, and its names lead to their runs
 */
export function Tip({ content, look, hover, rows, held, close }) {
  if (rows.length === 0) return null;
  const { first, listed } = listing(rows, held ? HELD : LISTED);
  const several = content.traces.some(({ metric }) => metric !== content.traces[0].metric);
  const metrics = apart([...new Set(content.traces.map(({ metric }) => metric))]);
  const alone = content.traces.every(({ of }) => of === content.traces[0].of);
  const length = common([...new Set(content.traces.map(({ of }) => of))]);
  /** @param {import("./content.js").Trace} trace */
  const name = (trace) => (several && alone ? trace.metric : after(trace.of, length));
  const below = rows.length - first - listed.length;
  // Beside the crosshair, where there is more room.
  const left = hover.x > hover.wide / 2;
  const width = Math.max(several ? FULL : NARROW, Math.min(look.band || several ? BROAD : WIDE, (left ? hover.x : hover.wide - hover.x) - 2 * GAP));
  return html`<div class=${classes("tip", held && "held scroll")} style=${{ width: `${width}px`, left: `${Math.max(0, left ? hover.x - GAP - width : Math.min(hover.x + GAP, hover.wide - width))}px` }}>
    <p class="small quiet row"><span class="grow">${look.x.replace("metric:", "")} ${place(look, content.x[hover.at])}${!content.exact && html` <span title="More points than pixels: each part's least and greatest value. Zoom in for every point.">≈</span>`}</span>
      ${held && html`<button type="button" class="plain" aria-label="Let go" title="Let go (Escape)" onClick=${close}>×</button>`}</p>
    ${first > 0 && html`<p class="small quiet">${first} above</p>`}
    ${listed.map(({ trace, value, nearest, band }) => html`<p key=${trace.id} class=${classes("row small", nearest && "nearest")}><${Stroke} colour=${trace.colour} dash=${trace.dash} line=${several} />
      ${held && trace.run_id ? html`<a class="cut grow" href=${link(["runs", trace.run_id])} title=${trace.name} aria-label=${trace.name}>${name(trace)}</a>` : html`<span class="cut grow">${name(trace)}</span>`}
      ${several && !alone && html`<span class="quiet cut metric">${metrics.get(trace.metric)}</span>`}
      <span class="number">${number(value)}</span>${band && html`<span class="number quiet">${band}</span>`}</p>`)}
    ${below > 0 && html`<p class="small quiet">${first > 0 ? `${below} below` : `and ${below} more`}</p>`}
  </div>`;
}

/** @param {import("./content.js").Content} content @param {import("./content.js").Look} look @param {number} at */
export function said(content, look, at) {
  const rows = readings(content, look, at);
  const more = rows.length > SAID ? `, and ${rows.length - SAID} more` : "";
  return `${look.x.replace("metric:", "")} ${place(look, content.x[at])}: ${rows.slice(0, SAID).map((row) => `${row.trace.name} ${number(row.value)}${row.band && ` (${row.band})`}`).join(", ") || "no value"}${more}`;
}
