/** A run at a glance: why it failed, facts, notes, tags, params, metrics, its kin, and how it is loaded. */

import { duration, when } from "../ground/format.js";
import { html } from "../ground/html.js";
import { link } from "../ground/route.js";
import { ofMachine } from "../ground/system.js";
import { Copy } from "../parts/code.js";
import { Failure } from "./failure.js";
import { Again, Loading } from "./loading.js";
import { Metrics } from "./metrics.js";
import { NOTE, Notes } from "./notes.js";
import { Params } from "./params.js";
import { Relations } from "./relations.js";
import { Tags } from "./tags.js";

/** @param {{run: any, tags: Map<string, string>, changed: unknown, turn: number, again: () => unknown}} props */
export function Overview({ run, tags, changed, turn, again }) {
  const { info } = run;
  const [commit, branch, dirty] = ["commit", "branch", "dirty"].map((name) => tags.get(`mlflow.source.git.${name}`));
  const command = tags.get("runstone.command") ?? tags.get("mlflow.source.name");
  const sets = run.inputs?.dataset_inputs ?? [];
  const models = (run.outputs?.model_outputs ?? []).map((/** @type {any} */ one) => one.model_id);
  const at = (/** @type {string} */ tab) => link(["experiments", info.experiment_id, "runs", info.run_id, tab]);
  const [started, ended] = [Number(info.start_time ?? 0), Number(info.end_time ?? 0)];
  return html`<div class="column">
    <${Failure} run=${run} />
    <div class="halves">
      <div class="column">
        <section class="card" aria-label="About"><header><h2>About</h2></header><div class="inside"><dl class="facts">
          <dt>Run</dt><dd class="row"><code class="cut">${info.run_id}</code><${Copy} text=${info.run_id} /></dd>
          <dt>Started</dt><dd>${when(started)}</dd>
          ${ended > 0 && html`<dt>Ended</dt><dd>${when(ended)} ${ended >= started && html`<span class="quiet">after ${duration(ended - started)}</span>`}</dd>`}
          <dt>By</dt><dd>${tags.get("mlflow.user") || info.user_id || "unknown"}${tags.get("runstone.host") ? html` <span class="quiet">on ${tags.get("runstone.host")}</span>` : ""}</dd>
          ${command && html`<dt>Command</dt><dd><code>${command}</code></dd>`}
          ${commit && html`<dt>Commit</dt><dd class="row wrap"><a href=${at("code")}><code>${commit.slice(0, 12)}</code></a>${branch && html`<span class="quiet">on ${branch}</span>`}${dirty === "true" && html`<a class="tag warn" href=${at("code")}>changed</a>`}</dd>`}
          ${sets.length > 0 && html`<dt>Data</dt><dd class="row wrap">${sets.slice(0, 20).map((/** @type {any} */ one) => html`<a class="tag" href=${at("data")}>${one.dataset.name}</a>`)}</dd>`}
          ${models.length > 0 && html`<dt>Models</dt><dd><a href=${at("data")}>${models.length} logged</a></dd>`}
        </dl></div></section>
        <${Notes} run=${info.run_id} text=${tags.get(NOTE) ?? ""} again=${again} />
        <${Tags} run=${info.run_id} tags=${run.data?.tags ?? []} again=${again} />
        <${Params} params=${run.data?.params ?? []} />
      </div>
      <div class="column">
        <${Metrics} run=${run} changed=${changed} only=${own} />
        <${Relations} run=${run} parent=${tags.get("mlflow.parentRunId")} turn=${turn} />
        <${Loading} run=${run} models=${models} />
        <${Again} run=${run} tags=${tags} />
      </div>
    </div>
  </div>`;
}

/** The machine's have a tab of their own. @param {string} key */
const own = (key) => !ofMachine(key);
