/** A metric of which no run has more than one point: a bar for each run, the longest first. */

import { number } from "../ground/format.js";
import { html } from "../ground/html.js";
import { after, common } from "./listing.js";

export const LISTED = 200;

/**
 * The bars of a chart, as the page and pictures of it draw them.
 * @param {import("./content.js").Content} content
 * @returns {{trace: import("./content.js").Trace, value: number | null, text: string, band: string, from: number, share: number}[]}
 *   from, share: where the bar begins and how long it is, of the room there is
 */
export function bars({ traces }) {
  const rows = traces
    .map((trace) => ({ trace, value: trace.values.find((value) => value !== null) ?? null, low: trace.low?.find((low) => low !== null), high: trace.high?.find((high) => high !== null) }))
    .sort((one, other) => (other.value ?? -Infinity) - (one.value ?? -Infinity));
  const known = rows.flatMap(({ value }) => (value === null ? [] : [value]));
  const least = known.reduce((one, other) => Math.min(one, other), 0);
  const span = known.reduce((one, other) => Math.max(one, other), 0) - least || 1;
  return rows.map(({ trace, value, low, high }) => ({
    trace, value, text: number(value ?? trace.odd[0]?.[1] ?? null), band: typeof low === "number" && typeof high === "number" ? `${number(low)} to ${number(high)}` : "",
    from: (Math.min(0, value ?? 0) - least) / span, share: Math.abs(value ?? 0) / span,
  }));
}

/** @param {{content: import("./content.js").Content, height: number}} props */
export function Bars({ content, height }) {
  const rows = bars(content);
  const length = common(content.traces.map(({ name }) => name));
  return html`<ol class="bars scroll" tabindex="0" style=${{ height: `${height}px` }}>
    ${rows.slice(0, LISTED).map(
      ({ trace, value, text, band, from, share }) => html`<li key=${trace.id} title=${band ? `${trace.name}: ${band}` : trace.name}>
        <span class="cut small">${after(trace.name, length)}</span>
        <span class="bar-room">${value !== null && html`<span class="bar-mark" style=${{ background: trace.colour, left: `${100 * from}%`, width: `${100 * share}%` }} />`}</span>
        <span class="number small">${text}</span>
      </li>`,
    )}
    ${rows.length > LISTED && html`<li class="small quiet">and ${rows.length - LISTED} more</li>`}
  </ol>`;
}
