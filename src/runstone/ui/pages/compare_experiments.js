/** MLflow's address of several experiments, #/compare-experiments/s?experiments=["1","2"]: leads to the table of their runs. */

import { html, useEffect } from "../ground/html.js";
import { link } from "../ground/route.js";
import { Skeleton, Trouble } from "../parts/states.js";

/** @param {URLSearchParams} query @returns {string[]} */
function told(query) {
  try {
    const list = JSON.parse(query.get("experiments") ?? "[]");
    return Array.isArray(list) ? list.map(String).filter(Boolean) : [];
  } catch {
    return []; // not as MLflow writes it
  }
}

/** @param {{query: URLSearchParams}} props */
export default function CompareExperiments({ query }) {
  const ids = told(query);
  useEffect(() => {
    if (ids.length > 0) window.location.replace(link(["experiments", ids.join(",")]));
  }, [ids.join(",")]);
  return ids.length > 0 ? html`<${Skeleton} rows=${8} />` : html`<${Trouble} error=${new Error('This address names no experiments. It is written as #/compare-experiments/s?experiments=["1","2"].')} />`;
}
