/** A metric of which no run has more than one point: a bar for each run, the longest first. */

import { number } from "../ground/format.js";
import { html } from "../ground/html.js";

const LISTED = 200;

/** @param {{content: import("./content.js").Content, height: number}} props */
export function Bars({ content, height }) {
  const rows = content.traces
    .map((trace) => ({ trace, value: trace.values.find((value) => value !== null) ?? null, odd: trace.odd[0]?.[1], low: trace.low?.find((low) => low !== null), high: trace.high?.find((high) => high !== null) }))
    .sort((one, other) => (other.value ?? -Infinity) - (one.value ?? -Infinity));
  const known = rows.flatMap(({ value }) => (value === null ? [] : [value]));
  const least = Math.min(0, ...known);
  const span = Math.max(0, ...known) - least || 1;
  return html`<ol class="bars scroll" tabindex="0" style=${{ height: `${height}px` }}>
    ${rows.slice(0, LISTED).map(
      ({ trace, value, odd, low, high }) => html`<li key=${trace.id} title=${low !== undefined && high !== undefined ? `${trace.name}: ${number(low)} to ${number(high)}` : trace.name}>
        <span class="cut small">${trace.name}</span>
        <span class="bar-room">${value !== null && html`<span class="bar-mark" style=${{ background: trace.colour, left: `${(100 * (Math.min(0, value ?? 0) - least)) / span}%`, width: `${(100 * Math.abs(value ?? 0)) / span}%` }} />`}</span>
        <span class="number small">${number(value ?? odd ?? null)}</span>
      </li>`,
    )}
    ${rows.length > LISTED && html`<li class="small quiet">and ${rows.length - LISTED} more</li>`}
  </ol>`;
}
