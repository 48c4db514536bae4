/** What was measured of a model, on which data; and the params that it was made with. */

import { when } from "../ground/format.js";
import { html } from "../ground/html.js";
import { machineLast } from "../ground/system.js";
import { latest, shown } from "./asking.js";

/** Letters from which on a value may be scrolled. */
const LONG = 100;

/** @param {{metrics: import("./asking.js").Point[], params: import("./asking.js").Pair[]}} props */
export function Measures({ metrics, params }) {
  const rows = [...latest(metrics).values()].sort((one, other) => machineLast(one.key, other.key) || (one.dataset_name ?? "").localeCompare(other.dataset_name ?? "") || one.key.localeCompare(other.key, undefined, { numeric: true }));
  return html`<section class="card"><header><h2>Metrics <span class="quiet small">${rows.length}</span></h2></header>
      ${rows.length === 0
        ? html`<p class="inside quiet">Nothing was measured of it: <code>log_metric(..., model_id=...)</code>.</p>`
        : html`<div class="scroll"><table class="plain"><thead><tr><th>Name</th><th class="number">Value</th><th>On</th><th class="number">Step</th></tr></thead>
          <tbody>${rows.map((one) => html`<tr key=${`${one.key} ${one.dataset_name}`}><td class="key">${one.key}</td><td class="number" title=${when(Number(one.timestamp))}>${shown(one.value)}</td><td class="quiet">${one.dataset_name ?? "–"}</td><td class="number quiet">${one.step ?? 0}</td></tr>`)}</tbody></table></div>`}
    </section>
    ${params.length > 0 && html`<section class="card"><header><h2>Params <span class="quiet small">${params.length}</span></h2></header>
      <table class="plain"><tbody>${[...params].sort((one, other) => one.key.localeCompare(other.key, undefined, { numeric: true })).map(({ key, value }) => html`<tr key=${key}><td class="key">${key}</td><td class="mono"><div class="tag-value" tabindex=${value.length > LONG ? 0 : undefined}>${value}</div></td></tr>`)}</tbody></table></section>`}`;
}
