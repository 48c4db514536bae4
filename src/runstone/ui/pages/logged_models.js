/** The models that runs of an experiment logged, with what was measured of them. */

import { get, post, useAnswer } from "../ground/api.js";
import { ago, counted, when } from "../ground/format.js";
import { html, useMemo, useRef } from "../ground/html.js";
import { useKeys } from "../ground/keys.js";
import { change, go, link } from "../ground/route.js";
import { machineLast } from "../ground/system.js";
import { here } from "../parts/begin.js";
import { Heading } from "../parts/heading.js";
import { Extent, PAGE, turning, Turner, usePages } from "../parts/pages.js";
import { useRows } from "../parts/rows.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { Crumbs } from "../parts/tabs.js";
import { say } from "../parts/toasts.js";
import { asFilter, latest, shown, statusOf } from "../registry/asking.js";
import { TagList } from "../registry/tags.js";
import { FilterBar } from "../runs/filter.js";

/** Columns of metrics and params: those that most models have come first. */
const METRICS = 5;
const PARAMS = 4;
const NAMES = ["name", "metrics.", "params.", "tags.", "status", "model_type", "source_run_id", "creation_timestamp"];

const BEGIN = `import runstone

runstone.set_tracking_uri(${JSON.stringify(here())})
with runstone.start_run():
    info = runstone.log_model(model, name="forest")
    runstone.log_metric("rmse", 0.2, model_id=info.model_id)`;

/** @param {{parts: {ids: string}, query: URLSearchParams}} props */
export default function LoggedModels({ parts, query }) {
  const experiments = parts.ids.split(",");
  const filter = query.get("filter") ?? "";
  const about = useAnswer(["experiments", ...experiments], (signal) => Promise.all(experiments.map(async (experiment_id) => (await get("/mlflow/experiments/get", { experiment_id }, signal)).experiment.name)));
  const pages = usePages(["logged models", ...experiments, filter], async (token, signal) => {
    const found = await post("/mlflow/logged-models/search", { experiment_ids: experiments, filter: asFilter(filter) || undefined, max_results: PAGE, page_token: token, latest: true }, { signal });
    return { rows: /** @type {any[]} */ (found.models ?? []), next: found.next_page_token };
  });
  const { error, again } = pages;
  // Of those that are chosen on other pages, too.
  const seen = useRef(/** @type {Map<string, any>} */ (new Map()));
  for (const { info } of pages.rows ?? []) seen.current.set(info.model_id, info);
  const list = useRows({
    one: "model", ids: (pages.rows ?? []).map(({ info }) => info.model_id), anew: filter, edge: turning(pages),
    open: (id) => go(["experiments", seen.current.get(id).experiment_id, "models", id]),
    compare: { does: "Compare the runs of the chosen models", run: (picked) => compare(picked.map((id) => seen.current.get(id)), experiments) },
  });
  useKeys([{ keys: "/", does: "Find a model", run: () => document.getElementById("filter")?.focus() }]);
  const rows = useMemo(() => (pages.rows ?? []).map((one) => ({ info: one.info, metrics: latest(one.data?.metrics ?? []), params: new Map((one.data?.params ?? []).map((/** @type {any} */ { key, value }) => [key, value])) })), [pages.rows]);
  const metrics = useMemo(() => usual(rows.map((one) => one.metrics), METRICS), [rows]);
  const params = useMemo(() => usual(rows.map((one) => one.params), PARAMS), [rows]);
  const name = about.data?.join(", ") ?? "…";
  const refused = filter && error ? error : undefined;
  if (error && !refused && !pages.rows) return html`<${Trouble} error=${error} again=${again} />`;
  return html`
    <${Crumbs} trail=${[{ name: "Experiments", href: link(["experiments"]) }, { name, href: link(["experiments", parts.ids]) }, { name: "models" }]} />
    <div class="head"><${Heading} text="Logged models" /><span class="quiet grow"><${Extent} pages=${pages} one="model" /></span></div>
    <div class="row"><${FilterBar} value=${filter} names=${NAMES} label="Find logged models" placeholder="A part of a name, or metrics.rmse < 0.3 AND params.trees = '100'   ( / )" error=${refused} set=${(/** @type {string} */ text) => change({ filter: text || null })} /></div>
    ${list.picked.length > 0 && html`<div class="row wrap bulk" role="toolbar" aria-label="Chosen models">
      <span class="quiet">${counted(list.picked.length, "model")} chosen</span>
      <button type="button" class="main" disabled=${list.picked.length < 2} onClick=${() => compare(list.picked.map((id) => seen.current.get(id)), experiments)}>Compare their runs</button>
      <button type="button" class="plain" onClick=${list.clear}>Clear</button></div>`}
    ${refused ? "" : !pages.rows
      ? html`<div class="card inside-card"><${Skeleton} rows=${10} /></div>`
      : rows.length === 0
        ? html`<${Empty} title=${filter ? "No model fits" : "No models were logged"} code=${filter ? undefined : BEGIN}>${filter ? "Change what is looked for." : ""}<//>`
        : html`<div class="card scroll"><table class="plain models">
          <thead><tr><th class="narrow"><span class="hidden">Choose</span></th><th>Name</th><th>Status</th>${metrics.map((key) => html`<th key=${key} class="number">${key}</th>`)}${params.map((key) => html`<th key=${key}>${key}</th>`)}<th>Made</th><th>Run</th></tr></thead>
          <tbody>${rows.map(({ info, metrics: measured, params: made }) => html`<tr key=${info.model_id} ...${list.row(info.model_id)}>
            <td class="narrow"><input type="checkbox" aria-label=${`Choose ${info.name} ${info.model_id.slice(0, 10)}`} checked=${list.picked.includes(info.model_id)} onChange=${() => list.pick(info.model_id)} /></td>
            <td><a href=${link(["experiments", info.experiment_id, "models", info.model_id])}>${info.name}</a> <span class="mono quiet small">${info.model_id.slice(0, 10)}</span><${TagList} tags=${info.tags} /></td>
            <td><span class=${`status ${statusOf(info.status)}`}>${statusOf(info.status).toLowerCase()}</span></td>
            ${metrics.map((key) => html`<td key=${key} class="number">${measured.has(key) ? shown(measured.get(key)?.value) : ""}</td>`)}
            ${params.map((key) => html`<td key=${key} class="mono"><span class="two-lines" title=${made.get(key)}>${made.get(key) ?? ""}</span></td>`)}
            <td class="quiet nowrap"><time title=${when(Number(info.creation_timestamp_ms))}>${ago(Number(info.creation_timestamp_ms))}</time></td>
            <td class="nowrap">${info.source_run_id && html`<a href=${link(["experiments", info.experiment_id, "runs", info.source_run_id])}>${info.source_run_id.slice(0, 8)}</a>`}</td>
          </tr>`)}</tbody></table>
          <${Turner} pages=${pages} /></div>`}
  `;
}

/** Models have no page that compares them: what made them is compared. @param {{source_run_id?: string}[]} models @param {string[]} experiments */
function compare(models, experiments) {
  const runs = [...new Set(models.flatMap((one) => one.source_run_id || []))];
  if (runs.length < 2) say(models.length < 2 ? "Choose two models or more (x): their runs are compared." : "The chosen models are of one run.");
  else go(["compare-runs"], { runs: JSON.stringify(runs), experiments: JSON.stringify(experiments) });
}

/**
 * The keys that most of some mappings have; the machine's own after all others.
 * @param {Map<string, unknown>[]} mappings @param {number} most
 */
function usual(mappings, most) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const one of mappings) for (const key of one.keys()) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort((one, other) => machineLast(one[0], other[0]) || other[1] - one[1] || one[0].localeCompare(other[0])).slice(0, most).map(([key]) => key);
}
