/** What a table of runs shows, as it stands in the address. */

import { goal } from "../ground/goals.js";
import { change } from "../ground/route.js";
import { read as column, written } from "./columns.js";

/**
 * @typedef {{
 *   filter: string, sort: string, descending: boolean, deleted: boolean, columns: import("./columns.js").Column[] | null, pins: string[],
 *   hidden: string[], view: "table" | "charts" | "both" | "explore", group: import("./columns.js").Column[], flat: boolean,
 * }} Seen
 * columns: null where nobody has chosen; hidden: runs that are not drawn; group: what runs are put together by
 */

export const VIEWS = /** @type {Seen["view"][]} */ (["table", "both", "charts", "explore"]);
const NEWEST = "attributes.start_time";

/** @param {string | null} text @returns {string[]} */
const lines = (text) => (text ?? "").split("\n").filter(Boolean);

/** @param {string | null} text @returns {import("./columns.js").Column[]} */
const columns = (text) => /** @type {any[]} */ (lines(text).map(column).filter(Boolean));

/** @param {URLSearchParams} query @returns {Seen} */
export function read(query) {
  const view = /** @type {any} */ (query.get("view"));
  return {
    filter: query.get("filter") ?? "",
    sort: query.get("sort") ?? NEWEST,
    descending: query.get("order") !== "asc",
    deleted: query.get("state") === "deleted",
    columns: query.has("columns") ? columns(query.get("columns")) : null,
    pins: lines(query.get("pins")),
    hidden: lines(query.get("hidden")),
    view: VIEWS.includes(view) ? view : "table",
    group: columns(query.get("group")).filter(({ kind }) => kind !== "metric"),
    flat: query.has("flat"),
  };
}

/** Whether runs stand below their parents: where they are in the order of time, and all are there. @param {Seen} seen */
export const nested = (seen) => !seen.flat && !seen.filter && seen.sort === NEWEST && seen.group.length === 0;

/** @param {Partial<Seen>} changes @param {{push?: boolean}} [how] */
export function set(changes, how) {
  /** @type {Record<string, string | boolean | null>} */
  const told = {};
  if (changes.filter !== undefined) told.filter = changes.filter;
  if (changes.deleted !== undefined) told.state = changes.deleted ? "deleted" : null;
  if (changes.columns !== undefined) told.columns = changes.columns === null ? null : changes.columns.map(written).join("\n") || "\n";
  if (changes.pins !== undefined) told.pins = changes.pins.join("\n");
  if (changes.hidden !== undefined) told.hidden = changes.hidden.join("\n");
  if (changes.view !== undefined) told.view = changes.view === "table" ? null : changes.view;
  if (changes.group !== undefined) told.group = changes.group.map(written).join("\n");
  if (changes.flat !== undefined) told.flat = changes.flat ? "1" : null;
  change(told, how);
}

/** Whether a metric is the better the less it is: its best run comes first. @param {string} by as a search names it */
const isLeast = (by) => by.startsWith("metrics.") && goal(by.slice("metrics.".length).replace(/`/g, "").replace(/\.(?:min|max|first|count)$/, "")) === "least";

/** Order by what a head was pressed for, the other way round where it is so already. @param {Seen} seen @param {string} by */
export function order(seen, by) {
  if (by === seen.sort) change({ order: seen.descending ? "asc" : null });
  else change({ sort: by === NEWEST ? null : by, order: by === "attributes.run_name" || isLeast(by) ? "asc" : null });
}
