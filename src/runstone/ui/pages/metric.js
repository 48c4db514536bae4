/**
 * MLflow's addresses of a metric of some runs, #/metric?runs=["ID"]&metric="loss"&experiments=["1"] and the older #/metric/loss?runs=["ID"]&experiment=1:
 * they lead to the charts of these runs side by side, with that metric alone.
 */

import { html, useEffect } from "../ground/html.js";
import { link } from "../ground/route.js";
import { listed } from "../compare/runs.js";
import { Skeleton, Trouble } from "../parts/states.js";

const AXES = /** @type {Record<string, string>} */ ({ relative: "relative", wall: "time" });

/** A text in an address, as JSON or as it is. @param {string | null} text */
function plain(text) {
  try {
    return String(JSON.parse(text ?? '""'));
  } catch {
    return text ?? "";
  }
}

/**
 * Where such an address leads; null where it names no runs.
 * @param {string} path what stands behind #/metric/
 * @param {URLSearchParams} query
 */
function leads(path, query) {
  const runs = listed(query.get("runs"));
  if (runs.length === 0) return null;
  const drawn = listed(query.get("plot_metric_keys"));
  const metrics = drawn.length > 0 ? drawn : [plain(query.get("metric")) || path].filter(Boolean);
  const experiments = listed(query.get("experiments"));
  const alone = plain(query.get("experiment"));
  return link(["compare-runs"], {
    runs: JSON.stringify(runs), experiments: JSON.stringify(experiments.length > 0 || !alone ? experiments : [alone]), view: "charts",
    metrics: metrics.length > 0 ? JSON.stringify(metrics) : null, x: AXES[query.get("x_axis") ?? ""], logy: query.get("y_axis_scale") === "log" ? 1 : null,
  });
}

/** @param {{parts: {rest: string}, query: URLSearchParams}} props */
export default function Metric({ parts, query }) {
  const to = leads(parts.rest, query);
  useEffect(() => {
    if (to) window.location.replace(to);
  }, [to]);
  return to ? html`<${Skeleton} rows=${8} />` : html`<${Trouble} error=${new Error('This address names no runs. It is written as #/metric?runs=["ID"]&metric="loss"&experiments=["1"].')} />`;
}
