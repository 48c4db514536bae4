/** How charts look, as it stands in the address. */

import { change } from "../ground/route.js";

/** @param {URLSearchParams} query @returns {import("./content.js").Look} */
export const read = (query) => ({
  x: query.get("x") ?? "step",
  logX: query.has("logx"),
  logY: query.has("logy"),
  smoothing: Math.min(0.999, Math.max(0, Number(query.get("smooth") ?? 0) || 0)),
  smoother: /** @type {import("./smoothing.js").Kind} */ (["gaussian", "mean"].find((one) => one === query.get("smoother")) ?? ""),
  clip: query.has("clip"),
  band: /** @type {import("./content.js").Look["band"]} */ (["std", "sem", "ci", "range"].find((one) => one === query.get("band")) ?? ""),
  start: number(query.get("from")),
  end: number(query.get("to")),
});

/** @param {string | null} text */
const number = (text) => (text === null || text === "" || Number.isNaN(Number(text)) ? null : Number(text));

/** @param {Partial<import("./content.js").Look>} changes */
export function set(changes) {
  /** @type {Record<string, string | null>} */
  const told = {};
  if (changes.x !== undefined) told.x = changes.x === "step" ? null : changes.x;
  if (changes.logX !== undefined) told.logx = changes.logX ? "1" : null;
  if (changes.logY !== undefined) told.logy = changes.logY ? "1" : null;
  if (changes.clip !== undefined) told.clip = changes.clip ? "1" : null;
  if (changes.band !== undefined) told.band = changes.band || null;
  if (changes.smoothing !== undefined) told.smooth = changes.smoothing > 0 ? String(changes.smoothing) : null;
  if (changes.smoother !== undefined) told.smoother = changes.smoother || null;
  if (changes.start !== undefined) told.from = changes.start === null ? null : String(changes.start);
  if (changes.end !== undefined) told.to = changes.end === null ? null : String(changes.end);
  change(told);
}
