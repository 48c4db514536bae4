/** Which params a metric hangs on, as far as these runs tell. */

import { counted } from "../ground/format.js";
import { html, useMemo } from "../ground/html.js";
import { change } from "../ground/route.js";
import { influence, LEAST } from "./influence.js";

const MOST = 30;

/**
 * The params that vary, those that tell most first.
 * @param {import("./data.js").Column[]} params
 * @param {import("./data.js").Column} metric
 * @param {Uint8Array} fits
 */
export const useInfluence = (params, metric, fits) =>
  useMemo(
    () => params.map((column) => ({ column, ...influence(column, metric, fits) })).sort((one, other) => (Number.isNaN(other.share) ? -1 : other.share) - (Number.isNaN(one.share) ? -1 : one.share)),
    [params, metric, fits],
  );

/** @param {number} rank */
const signed = (rank) => {
  const text = Math.abs(rank).toFixed(2);
  return text === "0.00" ? text : (rank > 0 ? "+" : "−") + text;
};

/** @param {{list: ReturnType<typeof useInfluence>, metric: import("./data.js").Column}} props */
export function Importance({ list, metric }) {
  const runs = Math.max(0, ...list.map((one) => one.runs));
  return html`<section class="card" aria-label="Importance of params">
    <header><h2 class="cut">Importance for ${metric.title}</h2></header>
    ${list.length === 0
      ? html`<p class="inside quiet">No param varies among these runs.</p>`
      : runs < LEAST
        ? html`<p class="inside quiet">${counted(runs, "run")} with ${metric.title}: from ${LEAST} on something can be said.</p>`
        : html`<div class="scroll"><table class="plain importance">
          <thead><tr><th>Param</th><th>Importance</th><th class="number">Correlation</th></tr></thead>
          <tbody>${list.slice(0, MOST).map(
            ({ column, share, rank }) => html`<tr key=${column.id}>
              <td><button type="button" class="plain link cut" title=${`Show ${metric.title} over ${column.title}`} onClick=${() => change({ px: column.id, py: null, plot: column.kinds ? "box" : null })}>${column.title}</button></td>
              <td><span class="row"><span class="meter" aria-hidden="true"><span style=${{ width: `${Number.isNaN(share) ? 0 : share * 100}%` }} /></span><span class="number small">${Number.isNaN(share) ? "–" : `${Math.round(share * 100)} %`}</span></span></td>
              <td class="number">${Number.isNaN(rank) ? html`<span class="quiet" title=${column.kinds ? "It has categories, which have no order" : ""}>–</span>` : signed(rank)}</td>
            </tr>`,
          )}</tbody>
        </table></div>
        <p class="inside small quiet">Importance is the share of the spread of ${metric.title} (of its ranks) among ${counted(runs, "run")} that a param explains alone, corrected for its number of groups; correlation is Spearman's. What params do only together, or what was changed together with them, is not told apart.</p>`}
  </section>`;
}
