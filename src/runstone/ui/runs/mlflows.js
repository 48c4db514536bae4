/** What MLflow's addresses of an experiment's runs say (#/experiments/1/runs?searchFilter=...&orderByKey=...), in our words. */

import { name } from "./columns.js";

/** MLflow's, which ours has none of. */
const THEIRS = ["searchFilter", "searchInput", "search", "orderByKey", "orderByAsc", "startTime", "lifecycleFilter", "modelVersionFilter", "datasetsFilter", "compareRunsMode", "viewStateShareKey", "isComparingRuns"];
const ATTRIBUTES = /** @type {Record<string, string>} */ ({
  start_time: "start_time", Created: "start_time", end_time: "end_time", run_name: "run_name", "Run Name": "run_name", "run name": "run_name", duration: "duration", Duration: "duration", status: "status", user_id: "user_id", User: "user_id",
});
const KINDS = /** @type {Record<string, "metric" | "param" | "tag">} */ ({ metrics: "metric", params: "param", tags: "tag" });

/** By what an order is, "metrics.`val/loss`" and the like; null where it is not known. @param {string | null} text */
function order(text) {
  const [, entity, quoted, bare] = text?.match(/^(\w+)\.(?:[`"](.*)[`"]|(.*))$/s) ?? [];
  const key = quoted ?? bare ?? "";
  if (KINDS[entity] && key) return name({ kind: KINDS[entity], key, show: "last" });
  const attribute = /^attributes?$/.test(entity ?? "") ? ATTRIBUTES[key] : undefined;
  return attribute ? `attributes.${attribute}` : null;
}

/**
 * What of MLflow's stands in an address, as ours; null where nothing does.
 * @param {URLSearchParams} query
 */
export function translated(query) {
  if (!THEIRS.some((one) => query.has(one))) return null;
  const ours = new URLSearchParams(query);
  for (const one of THEIRS) ours.delete(one);
  const filter = query.get("searchFilter") || query.get("searchInput") || query.get("search");
  if (filter && !ours.has("filter")) ours.set("filter", filter);
  const sort = order(query.get("orderByKey"));
  if (sort && !ours.has("sort")) ours.set("sort", sort);
  if (sort && /^true$/i.test(query.get("orderByAsc") ?? "")) ours.set("order", "asc");
  if (query.get("lifecycleFilter") === "Deleted") ours.set("state", "deleted");
  if (query.get("compareRunsMode") === "CHART") ours.set("view", "charts");
  return ours;
}
