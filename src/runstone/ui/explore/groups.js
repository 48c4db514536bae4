/** The table's groups in the explorer: which run is of which, in its colour; a group that is pressed is chosen on the axes of what runs are grouped by. */

import { classes, html } from "../ground/html.js";
import { nth } from "../ground/colours.js";
import { title } from "../runs/groups.js";
import { written as columnId } from "../runs/columns.js";

/** Groups that are named. */
const LISTED = 12;

/** @typedef {{by: import("../runs/columns.js").Column[], list: import("../runs/groups.js").Group[]}} Grouped */

/**
 * Where each run's group stands, -1 where it is none of those that are told.
 * @param {Grouped} groups
 * @param {import("./data.js").Sweep} sweep
 */
export function membership({ by, list }, sweep) {
  const places = new Map(list.map((group) => [JSON.stringify(group.values), group.place]));
  const columns = by.map((column) => sweep.columns.get(columnId(column)));
  return Int16Array.from(sweep.ids, (_, run) => places.get(JSON.stringify(columns.map((column) => column?.text(run) ?? null))) ?? -1);
}

/** What makes each group's colour. @param {Grouped} groups */
export const tints = ({ list }) => Array.from({ length: Math.max(0, ...list.map(({ place }) => place + 1)) }, (_, place) => nth(place));

/**
 * What is to be chosen to have a group's runs alone, null where that cannot be said: a run that lacks a value lies on no part of an axis.
 * @param {import("../runs/groups.js").Group} group
 * @param {import("../runs/columns.js").Column[]} by
 * @param {import("./data.js").Sweep} sweep
 */
function chosen(group, by, sweep) {
  /** @type {import("./brushes.js").Brushes} */
  const brushes = {};
  for (const [at, column] of by.entries()) {
    const value = group.values[at];
    const there = sweep.columns.get(columnId(column));
    if (value === null || !there) return null;
    brushes[there.id] = there.kinds ? { among: [value] } : { from: Number(value), to: Number(value) };
  }
  return brushes;
}

/**
 * @param {{groups: Grouped, sweep: import("./data.js").Sweep, brushes: import("./brushes.js").Brushes, choose: (changes: Record<string, import("./brushes.js").Brush | null>) => void}} props
 */
export function Groups({ groups: { by, list }, sweep, brushes, choose }) {
  return html`<span class="row divided" role="group" aria-label="Groups">${list.slice(0, LISTED).map((group) => {
    const parts = chosen(group, by, sweep);
    const on = parts !== null && Object.entries(parts).every(([id, one]) => JSON.stringify(brushes[id]) === JSON.stringify(one));
    const press = () => parts && choose(on ? Object.fromEntries(Object.keys(parts).map((id) => [id, null])) : parts);
    return html`<button key=${JSON.stringify(group.values)} type="button" class=${classes("plain small", on && "on")} aria-pressed=${on} disabled=${parts === null} onClick=${press}><span class="dot" style=${{ color: nth(group.place) }} /> <span class="cut">${title(group, by)}</span></button>`;
  })}${list.length > LISTED && html`<span class="small quiet">and ${list.length - LISTED} more</span>`}</span>`;
}
