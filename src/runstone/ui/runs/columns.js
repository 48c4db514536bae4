/** Columns of a table of runs: how they stand in an address, which there are at first, what their cells show. */

import { Sparkline } from "../charts/sparkline.js";
import { ago, duration, number, when } from "../ground/format.js";
import { byName, goal } from "../ground/goals.js";
import { html } from "../ground/html.js";
import { ofMachine } from "../ground/system.js";
import { Status } from "./status.js";

/**
 * @typedef {{run_id: string, experiment_id: string, run_name: string, status: string, start_time?: number, end_time?: number, user_id?: string,
 *   lifecycle_stage?: string, parent?: string, children?: number, depth?: number, colour?: string, number?: number, cells?: (string | number | null)[]}} Run
 * @typedef {{kind: "param" | "metric" | "tag", key: string, show: string}} Column
 * @typedef {{key: string, runs: number}} Key
 * @typedef {{params: Key[], metrics: Key[], tags: Key[]}} Keys
 */

const SIGNS = /** @type {Record<string, Column["kind"]>} */ ({ p: "param", m: "metric", t: "tag" });
const ENTITIES = { param: "params", metric: "metrics", tag: "tags" };
export const SHOWS = ["last", "best", "min", "max", "first", "count", "line"];

/** A column in an address: "m.val/loss", "m.val/loss|min". @param {Column} column */
export const written = ({ kind, key, show }) => `${kind[0]}.${key}${show === "last" ? "" : `|${show}`}`;

/** @param {string} text @returns {Column | null} */
export function read(text) {
  const kind = SIGNS[text[0]];
  if (!kind || text[1] !== ".") return null;
  const [, key, show] = /** @type {RegExpMatchArray} */ (text.slice(2).match(/^(.*?)(?:\|(best|min|max|first|count|line))?$/s));
  return { kind, key, show: show ?? "last" };
}

/** The best of a metric is its least or its greatest value: which is read off its name, or was said by hand. @param {Column} column @returns {Column} */
const settled = (column) => (column.show === "best" ? { ...column, show: goal(column.key) === "least" ? "min" : "max" } : column);

/** How a search names a column (docs/search.md). @param {Column} column */
export function name(column) {
  const { kind, key, show } = settled(column);
  const quoted = /^[\w/.-]+$/.test(key) && !(kind === "metric" && SHOWS.includes(key.split(".").at(-1) ?? "")) ? key : `\`${key}\``;
  return `${ENTITIES[kind]}.${quoted}${kind === "metric" && show !== "last" && show !== "line" ? `.${show}` : ""}`;
}

/** The columns as the server knows them: a line has the last value behind it. @param {Column[]} columns @returns {Column[]} */
export const asked = (columns) => columns.map((column) => (column.show === "line" ? { ...column, show: "last" } : settled(column)));

/**
 * What is shown where nobody has chosen: metrics first, then params; what trainings say by themselves is left out.
 * @param {Keys} keys
 * @returns {Column[]}
 */
export function usual(keys) {
  const logged = keys.metrics.filter(({ key, runs }) => runs > 0 && !ofMachine(key));
  // A loss or an accuracy says how good a run is; of twenty metrics the others are mostly about the training itself (gradients, weights).
  const metrics = [...logged.filter(({ key }) => byName(key)), ...logged.filter(({ key }) => !byName(key))].slice(0, 6);
  const params = keys.params.filter(({ runs }) => runs > 0).slice(0, 6);
  return [
    ...metrics.map(({ key }) => /** @type {Column} */ ({ kind: "metric", key, show: "last" })),
    ...params.map(({ key }) => /** @type {Column} */ ({ kind: "param", key, show: "last" })),
  ];
}

/** @param {Column} column */
const head = (column) =>
  html`<span class="cut">${column.key}</span>${column.kind === "metric" && column.show !== "last" && html`<span class="tag">${shown(column)}</span>`}`;

/** @param {Column} column */
export const shown = (column) => (column.show === "best" ? `best: ${settled(column).show}` : column.show);

/**
 * The chosen columns, for the grid: pinned ones first.
 * @param {Column[]} columns
 * @param {Record<string, number>} widths
 * @param {string[]} [pins] ids of those that stay in sight
 * @returns {import("../parts/grid.js").GridColumn<Run>[]}
 */
export function chosen(columns, widths, pins = []) {
  return columns.map((column, at) => ({
    id: written(column),
    title: head(column),
    label: name(column),
    width: widths[written(column)] ?? (column.kind === "param" || column.kind === "tag" ? 120 : column.show === "last" ? 112 : 138),
    number: column.kind === "metric" && column.show !== "line",
    fixed: pins.includes(written(column)),
    movable: true,
    sort: name(column),
    cell: column.show === "line" ? (/** @type {Run} */ run) => line(run, column.key, run.cells?.[at]) : (/** @type {Run} */ run) => text(run.cells?.[at], column),
    told: (/** @type {Run} */ run) => String(run.cells?.[at]),
  }));
}

/** A metric's course; drawn anew when its last value is another. @param {Run} run @param {string} key @param {string | number | null | undefined} last */
const line = (run, key, last) =>
  last === null || last === undefined ? null : html`<${Sparkline} run_id=${run.run_id} metric=${key} colour=${run.colour} stamp=${String(last)} width=${90} />`;

/** @param {string | number | null | undefined} value @param {Column} column */
function text(value, column) {
  if (value === null || value === undefined) return null;
  return column.kind === "metric" && typeof value === "number" ? number(value) : String(value);
}

/**
 * A run's own columns.
 * @param {Record<string, number>} widths
 * @param {Record<string, string> | null} experiments names by id, where the table has several
 * @returns {import("../parts/grid.js").GridColumn<Run>[]}
 */
export const own = (widths, experiments) => [
  ...(experiments
    ? [{ id: "experiment", title: "Experiment", width: widths.experiment ?? 130, sort: "attributes.experiment_id", cell: (/** @type {Run} */ run) => experiments[run.experiment_id] ?? run.experiment_id }]
    : []),
  { id: "status", title: "Status", width: widths.status ?? 118, sort: "attributes.status", cell: (run) => html`<${Status} run=${run} />` },
  { id: "start", title: "Started", width: widths.start ?? 92, sort: "attributes.start_time", cell: (run) => ago(run.start_time) || null, told: (run) => when(run.start_time) },
  {
    id: "duration", title: "Duration", width: widths.duration ?? 88, number: true, sort: "attributes.duration",
    cell: (run) => duration(run.start_time ? (run.end_time ?? Date.now()) - run.start_time : null) || null,
  },
];
