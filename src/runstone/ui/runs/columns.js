/** Columns of a table of runs: how they stand in an address, which there are at first, what their cells show. */

import { colour } from "../ground/colours.js";
import { ago, duration, number, when } from "../ground/format.js";
import { html } from "../ground/html.js";
import { link } from "../ground/route.js";

/**
 * @typedef {{run_id: string, experiment_id: string, run_name: string, status: string, start_time?: number, end_time?: number, user_id?: string,
 *   lifecycle_stage?: string, parent?: string, children?: number, colour?: string, cells?: (string | number | null)[]}} Run
 * @typedef {{kind: "param" | "metric" | "tag", key: string, show: string}} Column
 * @typedef {{key: string, runs: number}} Key
 * @typedef {{params: Key[], metrics: Key[], tags: Key[]}} Keys
 */

const SIGNS = /** @type {Record<string, Column["kind"]>} */ ({ p: "param", m: "metric", t: "tag" });
const ENTITIES = { param: "params", metric: "metrics", tag: "tags" };
export const SHOWS = ["last", "min", "max", "first", "count"];

/** A column in an address: "m.val/loss", "m.val/loss|min". @param {Column} column */
export const written = ({ kind, key, show }) => `${kind[0]}.${key}${show === "last" ? "" : `|${show}`}`;

/** @param {string} text @returns {Column | null} */
export function read(text) {
  const kind = SIGNS[text[0]];
  if (!kind || text[1] !== ".") return null;
  const [, key, show] = /** @type {RegExpMatchArray} */ (text.slice(2).match(/^(.*?)(?:\|(min|max|first|count))?$/s));
  return { kind, key, show: show ?? "last" };
}

/** How a search names a column (docs/search.md). @param {Column} column */
export function name({ kind, key, show }) {
  const quoted = /^[\w/.-]+$/.test(key) && !(kind === "metric" && SHOWS.includes(key.split(".").at(-1) ?? "")) ? key : `\`${key}\``;
  return `${ENTITIES[kind]}.${quoted}${kind === "metric" && show !== "last" ? `.${show}` : ""}`;
}

/**
 * What is shown where nobody has chosen: metrics first, then params; what trainings say by themselves is left out.
 * @param {Keys} keys
 * @returns {Column[]}
 */
export function usual(keys) {
  const metrics = keys.metrics.filter(({ key, runs }) => runs > 0 && !key.startsWith("system/")).slice(0, 6);
  const params = keys.params.filter(({ runs }) => runs > 0).slice(0, 6);
  return [
    ...metrics.map(({ key }) => /** @type {Column} */ ({ kind: "metric", key, show: "last" })),
    ...params.map(({ key }) => /** @type {Column} */ ({ kind: "param", key, show: "last" })),
  ];
}

/** @param {Column} column */
const head = (column) =>
  html`<span class="cut">${column.key}</span>${column.kind === "metric" && column.show !== "last" && html`<span class="tag">${column.show}</span>`}`;

/**
 * The chosen columns, for the grid.
 * @param {Column[]} columns
 * @param {Record<string, number>} widths
 * @returns {import("../parts/grid.js").GridColumn<Run>[]}
 */
export function chosen(columns, widths) {
  return columns.map((column, at) => ({
    id: written(column),
    title: head(column),
    label: name(column),
    width: widths[written(column)] ?? (column.kind === "metric" ? 112 : 120),
    number: column.kind === "metric",
    sort: name(column),
    cell: (/** @type {Run} */ run) => cell(run.cells?.[at], column),
  }));
}

/** @param {string | number | null | undefined} value @param {Column} column */
function cell(value, column) {
  if (value === null || value === undefined) return html`<span class="quiet" aria-label="none">–</span>`;
  const text = column.kind === "metric" ? (typeof value === "number" ? number(value) : value) : String(value);
  return html`<span class="cut" title=${String(value)}>${text}</span>`;
}

/**
 * A run's own columns.
 * @param {Record<string, number>} widths
 * @returns {import("../parts/grid.js").GridColumn<Run>[]}
 */
export const own = (widths) => [
  { id: "status", title: "Status", width: widths.status ?? 98, sort: "attributes.status", cell: (run) => html`<span class=${`status ${run.status}`}>${run.status.toLowerCase()}</span>` },
  { id: "start", title: "Started", width: widths.start ?? 92, sort: "attributes.start_time", cell: (run) => html`<time class="quiet cut" title=${when(run.start_time)}>${ago(run.start_time)}</time>` },
  {
    id: "duration", title: "Duration", width: widths.duration ?? 88, number: true, sort: "attributes.duration",
    cell: (run) => duration(run.start_time ? (run.end_time ?? Date.now()) - run.start_time : null),
  },
];

/** A run's dot and name, as a link. @param {{run: Run}} props */
export function RunName({ run }) {
  return html`<span class="dot" style=${{ color: colour(run.run_id, run.colour) }} />
    <a class="cut" href=${link(["experiments", run.experiment_id, "runs", run.run_id])} title=${run.run_name}>${run.run_name || run.run_id}</a>`;
}
