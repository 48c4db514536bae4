/** A run at a glance: facts, params, metrics, tags. */

import { get, useAnswer } from "../ground/api.js";
import { number, when } from "../ground/format.js";
import { html, useState } from "../ground/html.js";
import { link } from "../ground/route.js";
import { Code, Copy } from "../parts/code.js";
import { Skeleton } from "../parts/states.js";

/** @typedef {{key: string, value: any}} Pair */

/** @param {any} summary a value that the wire spells where JSON has no number */
const value = (summary) => (typeof summary === "number" ? number(summary) : summary === undefined ? "NaN" : String(summary));

/** @param {{run: any}} props */
export function Overview({ run }) {
  const { info } = run;
  /** @type {Map<string, string>} */
  const tags = new Map((run.data?.tags ?? []).map((/** @type {Pair} */ one) => [one.key, one.value]));
  const own = [...tags].filter(([key]) => !/^(mlflow|runstone)\./.test(key));
  const parent = tags.get("mlflow.parentRunId");
  return html`<div class="halves">
    <div class="column">
      <section class="card"><header><h2>About</h2></header><div class="inside"><dl class="facts">
        <dt>Run</dt><dd class="row"><code class="cut">${info.run_id}</code><${Copy} text=${info.run_id} /></dd>
        <dt>Started</dt><dd>${when(Number(info.start_time))}</dd>
        ${info.end_time && html`<dt>Ended</dt><dd>${when(Number(info.end_time))}</dd>`}
        ${tags.get("mlflow.source.name") && html`<dt>Source</dt><dd><code>${tags.get("mlflow.source.name")}</code></dd>`}
        ${tags.get("mlflow.source.git.commit") && html`<dt>Commit</dt><dd><code>${tags.get("mlflow.source.git.commit")?.slice(0, 12)}</code>${tags.get("mlflow.source.git.branch") ? ` on ${tags.get("mlflow.source.git.branch")}` : ""}</dd>`}
        ${parent && html`<dt>Parent</dt><dd><a href=${link(["experiments", info.experiment_id, "runs", parent])}>${parent}</a></dd>`}
        ${own.length > 0 && html`<dt>Tags</dt><dd class="row wrap">${own.map(([key, text]) => html`<span class="tag" title=${`${key} = ${text}`}><span class="cut">${key}${text && `: ${text}`}</span></span>`)}</dd>`}
      </dl></div></section>
      <${Params} params=${run.data?.params ?? []} />
    </div>
    <div class="column">
      <${Metrics} run=${info.run_id} changed=${(run.data?.metrics ?? []).map((/** @type {any} */ one) => [one.key, one.step])} />
      <section class="card"><header><h2>Load it</h2></header><div class="inside"><${Code} text=${`import runstone\n\nrun = runstone.get_run("${info.run_id}")\nrunstone.artifacts.download_artifacts(run_id=run.info.run_id)`} /></div></section>
    </div>
  </div>`;
}

/** @param {{params: Pair[]}} props */
function Params({ params }) {
  const [text, setText] = useState("");
  const shown = params.filter(({ key, value: said }) => `${key}=${said}`.toLowerCase().includes(text.toLowerCase())).sort((one, other) => one.key.localeCompare(other.key, undefined, { numeric: true }));
  return html`<section class="card"><header><h2 class="grow">Params <span class="quiet small">${params.length}</span></h2>
    ${params.length > 8 && html`<input type="search" placeholder="Find" aria-label="Find params" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />`}</header>
    ${params.length === 0 ? html`<p class="inside quiet">None were logged.</p>` : html`<table class="plain"><tbody>${shown.map(({ key, value: said }) => html`<tr key=${key}><td class="key">${key}</td><td class="mono">${said}</td></tr>`)}</tbody></table>`}
  </section>`;
}

/** @param {{run: string, changed: unknown}} props */
function Metrics({ run, changed }) {
  const [text, setText] = useState("");
  const { data, error } = useAnswer(["summaries", run, changed], async (signal) => (await get("/runstone/metrics/summaries", { run_id: run }, signal)).metrics ?? []);
  const shown = (data ?? []).filter((/** @type {any} */ one) => one.key.toLowerCase().includes(text.toLowerCase()));
  return html`<section class="card"><header><h2 class="grow">Metrics <span class="quiet small">${data?.length ?? ""}</span></h2>
    ${data?.length > 8 && html`<input type="search" placeholder="Find" aria-label="Find metrics" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />`}</header>
    ${error ? html`<p class="note bad">${error.message}</p>` : !data ? html`<div class="inside"><${Skeleton} rows=${5} /></div>` : data.length === 0 ? html`<p class="inside quiet">None were logged.</p>` : html`<div class="scroll"><table class="plain">
      <thead><tr><th>Name</th><th class="number">Last</th><th class="number">Min</th><th class="number">Max</th><th class="number">Points</th></tr></thead>
      <tbody>${shown.map((/** @type {any} */ one) => html`<tr key=${one.key}><td class="key">${one.key}</td><td class="number">${value(one.last)}</td><td class="number">${value(one.min)}</td><td class="number">${value(one.max)}</td><td class="number quiet">${Number(one.count).toLocaleString("en")}</td></tr>`)}</tbody>
    </table></div>`}
  </section>`;
}
