/** Runs put together by what they have in common: of each group how many there are and how its metrics lie; opened, its runs stand below it. */

import { post, Refused, useAnswer } from "../ground/api.js";
import { nth, numbered } from "../ground/colours.js";
import { counted, number } from "../ground/format.js";
import { goal } from "../ground/goals.js";
import { html, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { dark } from "../ground/kept.js";
import { useRenewal } from "../ground/live.js";
import { Grid } from "../parts/grid.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { chosen, name as named, read, written } from "./columns.js";
import { RunName } from "./name.js";
import { mark } from "./rows.js";

/** @typedef {{count: number, mean?: number | null, std?: number | null, min?: number | null, max?: number | null, nans?: number}} Cell */
/** place: its own, by which it is coloured, whatever becomes of others */
/** @typedef {{place: number, values: (string | null)[], runs: number, run_ids: string[], cells?: (Cell | null)[]}} Group */

/** Runs that are shown below a group; the others are a filter away. */
const BELOW = 100;
export const METRICS = 60;
/** Milliseconds between two answers while runs log. */
const PAUSE = 1_000;

/** A group's name: "lr=0.1 · optimizer=adam". @param {Group} group @param {import("./columns.js").Column[]} by */
export const title = (group, by) => by.map(({ key }, at) => `${key}=${group.values[at] ?? "–"}`).join(" · ");

/** What a group is told apart by. @param {{values: (string | null)[]}} group */
const keyOf = (group) => JSON.stringify(group.values);

/** A text as a filter has it: it may stand in either kind of quotes, and holds none of that kind. @param {string} text */
const literal = (text) => (text.includes("'") ? (text.includes('"') ? null : `"${text}"`) : `'${text}'`);

/**
 * The filter that finds a group's runs. A value with both kinds of quotes cannot be said: null.
 * @param {string} filter @param {Group} group @param {import("./columns.js").Column[]} by
 */
export function filterOf(filter, group, by) {
  const parts = by.map((column, at) => {
    const value = group.values[at];
    if (value === null) return `${named(column)} IS NULL`;
    const text = literal(value);
    return text && `${named(column)} = ${text}`;
  });
  if (parts.includes(null)) return null;
  return (filter ? [`(${filter})`, ...parts] : parts).join(" AND ");
}

/**
 * The groups of what a table asks for. They are of the runs that there were when they were asked for: what these log meanwhile changes means in their
 * places, other runs come in when `turn` rises.
 * @param {import("./rows.js").Asked | null} asked @param {import("./columns.js").Column[]} by @param {number} turn @param {import("../ground/live.js").Pulse | null} pulse
 */
export function useGroups(asked, by, turn, pulse) {
  const metrics = useMemo(() => (asked?.columns ?? []).filter((column, at, all) => column.kind === "metric" && all.findIndex((one) => written(one) === written(column)) === at).slice(0, METRICS), [JSON.stringify(asked?.columns)]);
  const wanted = asked && by.length > 0 ? { experiment_ids: asked.experiment_ids, filter: asked.filter, run_view_type: asked.run_view_type, by, columns: metrics } : null;
  const order = useRef({ of: "", stamp: "" });
  const answer = useAnswer(wanted && [wanted, turn], (signal) => {
    const of = JSON.stringify([wanted, turn]);
    if (order.current.of !== of) order.current = { of, stamp: mark() };
    return post("/runstone/runs/groups", { ...wanted, stamp: order.current.stamp }, { signal });
  });
  useRenewal(wanted && pulse, answer.loading, PAUSE, answer.again);
  const places = useRef({ by: "", of: /** @type {Map<string, number>} */ (new Map()) });
  const groups = useMemo(() => {
    const told = JSON.stringify(by);
    if (places.current.by !== told) places.current = { by: told, of: new Map() };
    const { of } = places.current;
    return /** @type {Group[] | undefined} */ (answer.data?.groups?.map((/** @type {any} */ group) => {
      const key = keyOf(group);
      if (!of.has(key)) of.set(key, of.size);
      return { ...group, place: of.get(key) };
    }));
  }, [answer.data]);
  return { groups, stamp: /** @type {string} */ (answer.data?.stamp ?? ""), total: /** @type {number} */ (answer.data?.total ?? 0), found: /** @type {number} */ (answer.data?.found ?? 0), error: answer.error, again: answer.again, metrics };
}

/** @param {number | null | undefined} mean */
const missing = (mean) => mean === null || mean === undefined;

/** Groups without a mean stand at the end of either order. @param {number | null | undefined} one @param {number | null | undefined} other @param {number} sign */
const compared = (one, other, sign) => (missing(one) || missing(other) ? sign * (Number(missing(one)) - Number(missing(other))) : Number(one) - Number(other));

/**
 * @param {{
 *   asked: import("./rows.js").Asked, by: import("./columns.js").Column[], state: ReturnType<typeof useGroups>, widths: Record<string, number>,
 *   onWidth: (id: string, width: number) => void, look: (filter: string) => void,
 * }} props
 *   look: show the runs of a filter, ungrouped
 */
export function Groups({ asked, by, state, widths, onWidth, look }) {
  const [open, setOpen] = useState(/** @type {Map<string, any>} */ (new Map()));
  const [sort, setSort] = useState(() => ordered(asked, state.metrics));
  const [at, setAt] = useState(-1);
  const { groups, metrics } = state;
  const inside = useRef(open); // as it is when an answer comes
  inside.current = open;
  useEffect(() => setOpen(new Map()), [JSON.stringify([asked, by])]);

  /** The runs of a group, in the order in which they were when the groups were asked for. @param {Group} group */
  const runsOf = async (group) => {
    const filter = filterOf(asked.filter, group, by);
    if (filter === null) return null;
    const answer = await post("/runstone/runs/table", { ...asked, nested: false, open: [], columns: metrics, filter, limit: BELOW, stamp: state.stamp }).catch((error) => ({ rows: [], error }));
    numbered(answer.rows ?? []);
    return answer;
  };
  /** @param {Group} group */
  const toggle = async (group) => {
    const key = keyOf(group);
    const next = new Map(open);
    if (next.delete(key)) {
      setOpen(next);
      return;
    }
    const answer = await runsOf(group);
    if (answer) setOpen((before) => new Map(before).set(key, answer));
  };
  useEffect(() => {
    for (const group of groups ?? []) {
      const key = keyOf(group);
      const had = open.get(key);
      if (had) runsOf(group).then((answer) => answer && inside.current.get(key) === had && setOpen((before) => new Map(before).set(key, answer)));
    }
  }, [groups]);
  const standing = useRef({ of: "", places: /** @type {Map<string, number>} */ (new Map()) });
  const sorted = useMemo(() => {
    const place = metrics.findIndex((column) => written(column) === sort.by);
    const sign = sort.descending ? -1 : 1;
    const of = JSON.stringify([state.stamp, sort]);
    // Means that have changed move no rows: what is new stands at the end.
    const had = standing.current.of === of ? standing.current.places : null;
    const list = [...(groups ?? [])].sort((one, other) =>
      had
        ? (had.get(keyOf(one)) ?? Infinity) - (had.get(keyOf(other)) ?? Infinity) || 0
        : sign * (sort.by === "runs" ? one.runs - other.runs : sort.by === "name" ? title(one, by).localeCompare(title(other, by), undefined, { numeric: true }) : compared(one.cells?.[place]?.mean, other.cells?.[place]?.mean, sign)));
    standing.current = { of, places: new Map(list.map((group, at) => [keyOf(group), at])) };
    return list;
  }, [groups, sort]);
  /** @type {any[]} */
  const rows = [];
  for (const group of sorted) {
    rows.push({ group });
    const below = open.get(keyOf(group));
    if (!below) continue;
    for (const run of below.rows ?? []) rows.push({ run });
    if (below.error || group.runs > BELOW) rows.push({ rest: group, error: below.error });
  }
  const cells = chosen(metrics, widths);
  const columns = useMemo(() => [
    { id: "group", title: by.map(({ key }) => key).join(" · "), width: widths.group ?? (by.length > 1 ? 320 : 220), fixed: true, sort: "name", cell: (/** @type {any} */ row) => first(row, by, open, toggle, (/** @type {Group} */ group) => look(filterOf(asked.filter, group, by) ?? asked.filter)) },
    { id: "runs", title: "Runs", width: widths.runs ?? 72, number: true, sort: "runs", cell: (/** @type {any} */ row) => (row.group ? row.group.runs.toLocaleString("en") : "") },
    ...metrics.map((column, place) => ({
      id: `group:${written(column)}`, title: cells[place].title, label: cells[place].label, number: true, width: widths[`group:${written(column)}`] ?? 160, sort: written(column),
      cell: (/** @type {any} */ row) => (row.group ? spread(row.group.cells?.[place]) : row.run ? cells[place].cell(row.run, 0) : ""),
      told: (/** @type {any} */ row) => (row.group ? words(row.group.cells?.[place]) : ""),
    })),
  ], [metrics, widths, open, by, groups, dark.value]);
  // While the server is away what it told stays, and the banner says so.
  if (state.error && !(groups && state.error instanceof Refused && state.error.code === "UNREACHABLE")) return html`<${Trouble} error=${state.error} again=${state.again} />`;
  if (!groups) return html`<${Skeleton} rows=${10} />`;
  if (groups.length === 0) return html`<${Empty} title="No run fits">Change the filter, or clear it.<//>`;
  return html`<div class="card grow table-card">
    ${state.total > groups.length && html`<p class="note small">The ${groups.length.toLocaleString("en")} largest of ${counted(state.total, "group")}.</p>`}
    <${Grid} label="Groups of runs" columns=${columns} total=${rows.length} row=${(/** @type {number} */ place) => rows[place]} want=${nothing} sorted=${sort.by} descending=${sort.descending}
      onSort=${(/** @type {string} */ key) => setSort({ by: key, descending: sort.by === key ? !sort.descending : key !== "name" && !isLeast(key) })} onWidth=${onWidth} at=${at} onAt=${setAt} rowClass=${(/** @type {any} */ row) => (row.group ? "group" : "")} />
  </div>`;
}

/** Whether a metric is the better the less it is: its best group comes first. @param {string} id a column's */
const isLeast = (id) => goal(read(id)?.key ?? "") === "least";

/** The order of the runs before they were put together, where groups have it, too; else the largest first. @param {import("./rows.js").Asked} asked @param {import("./columns.js").Column[]} metrics */
function ordered(asked, metrics) {
  const [, by, way] = asked.order_by?.[0]?.match(/^(.*) (ASC|DESC)$/s) ?? [];
  const column = metrics.find((one) => named(one) === by);
  return column ? { by: written(column), descending: way === "DESC" } : { by: "runs", descending: true };
}

/** All groups are there already. */
const nothing = () => {};

/** @param {any} row @param {import("./columns.js").Column[]} by @param {Map<string, any>} open @param {(group: Group) => void} toggle @param {(group: Group) => void} look */
function first(row, by, open, toggle, look) {
  if (row.run) return html`<span class="indent" style=${{ width: "24px" }} /><${RunName} run=${row.run} />`;
  if (row.rest) return html`<span class="indent" style=${{ width: "24px" }} />${row.error ? html`<span class="cut">${row.error.message}</span>` : html`<button type="button" class="plain" onClick=${() => look(row.rest)}>all ${counted(row.rest.runs, "run")}</button>`}`;
  const group = /** @type {Group} */ (row.group);
  const isOpen = open.has(keyOf(group));
  const text = title(group, by);
  return html`<button type="button" class="plain fold" aria-expanded=${isOpen} aria-label=${`Runs of ${text}`} onClick=${() => toggle(group)}>${isOpen ? "▾" : "▸"}</button>
    <span class="dot" style=${{ color: nth(group.place) }} /><button type="button" class="plain cut" title=${`Show these ${counted(group.runs, "run")}: ${text}`} onClick=${() => look(group)}>${text}</button>`;
}

/** "0.412 ± 0.03". @param {Cell | null | undefined} cell */
function spread(cell) {
  if (!cell || cell.count === 0) return cell?.nans ? "NaN" : null;
  return number(cell.mean) + (cell.std === null || cell.std === undefined ? "" : ` ± ${number(Number(cell.std.toPrecision(2)))}`);
}

/** @param {Cell | null | undefined} cell */
function words(cell) {
  if (!cell || cell.count === 0) return cell?.nans ? `NaN in ${cell.nans}` : "none";
  return `mean ${cell.mean}, ± ${cell.std ?? "–"}, from ${cell.min} to ${cell.max}, of ${counted(cell.count, "run")}${cell.nans ? `, and NaN in ${cell.nans}` : ""}`;
}
