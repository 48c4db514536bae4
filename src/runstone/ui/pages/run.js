/** One run: what it was given, what came of it, how it went. */

import { get, useAnswer } from "../ground/api.js";
import { html, useMemo } from "../ground/html.js";
import { usePulse } from "../ground/live.js";
import { change, link } from "../ground/route.js";
import { ofMachine } from "../ground/system.js";
import { Artifacts } from "../artifacts/artifacts.js";
import { Board } from "../charts/board.js";
import { read as readLook, set as setLook } from "../charts/look.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { Crumbs, Tabs } from "../parts/tabs.js";
import { Code } from "../run/code.js";
import { FOLDER } from "../run/console.js";
import { Data } from "../run/data.js";
import { Head } from "../run/head.js";
import { Logs } from "../run/logs.js";
import { Tables } from "../run/metrics.js";
import { Overview } from "../run/overview.js";
import { Timeline } from "../run/timeline.js";

/** @typedef {{key: string, value: any, step?: number, timestamp?: number}} Value */

/** What MLflow's page calls some tabs: its addresses lead to ours. @type {Record<string, string>} */
const THEIRS = { "model-metrics": "metrics", "system-metrics": "system", traces: "overview" };

/** @param {{parts: {ids?: string, run: string, rest?: string}, query: URLSearchParams}} props ids: its experiment, where the address says it */
export default function Run({ parts, query }) {
  const known = useAnswer(parts.ids ? null : ["whose", parts.run], async (signal) => (await get("/mlflow/runs/get", { run_id: parts.run }, signal)).run.info.experiment_id);
  const experiment = parts.ids ?? known.data;
  if (known.error) return html`<${Trouble} error=${known.error} again=${known.again} />`;
  return experiment ? html`<${One} key=${parts.run} experiment=${experiment} id=${parts.run} rest=${parts.rest ?? ""} query=${query} />` : html`<${Skeleton} rows=${12} />`;
}

/** @param {{experiment: string, id: string, rest: string, query: URLSearchParams}} props */
function One({ experiment, id, rest, query }) {
  const { pulse, turn } = usePulse([experiment]);
  const { data, error, again } = useAnswer(["run", id, turn], async (signal) => (await get("/mlflow/runs/get", { run_id: id }, signal)).run);
  const about = useAnswer(["experiment", experiment], async (signal) => (await get("/mlflow/experiments/get", { experiment_id: experiment }, signal)).experiment);
  // Which files there are, as far as somebody says that it has changed.
  const arrived = [data?.info.status, pulse?.running.find((one) => one.run_id === id)?.files];
  const recorded = useAnswer(["recorded", id, arrived], async (signal) => (await get("/mlflow/artifacts/list", { run_id: id, path: FOLDER }, signal)).files ?? []);
  const tags = useMemo(() => new Map(/** @type {[string, string][]} */ ((data?.data?.tags ?? []).map((/** @type {Value} */ one) => [one.key, one.value]))), [data]);
  if (error && !data) return html`<${Trouble} error=${error} again=${again} />`;
  const named = rest.split("/")[0] || "overview";
  const tab = THEIRS[named] ?? named;
  /** @param {string} name */
  const at = (name) => link(["experiments", experiment, "runs", id, ...(name === "overview" ? [] : [name])]);
  const metrics = /** @type {Value[]} */ (data?.data?.metrics ?? []);
  const keys = metrics.map(({ key }) => key);
  const system = keys.filter(ofMachine);
  const own = keys.filter((key) => !ofMachine(key));
  const drawn = data && [{ run_id: data.info.run_id, run_name: data.info.run_name, colour: tags.get("mlflow.runColor") }];
  const changed = metrics.map((one) => [one.key, one.step, one.timestamp]);
  const consoles = recorded.data?.some((/** @type {any} */ file) => file.path.startsWith(`${FOLDER}/console`));
  const links = (data?.inputs?.dataset_inputs?.length ?? 0) + (data?.inputs?.model_inputs?.length ?? 0) + (data?.outputs?.model_outputs?.length ?? 0);
  const table = query.get("as") === "table";
  // What belongs to a run that has ended changes when somebody does something: it is not asked for with each change of others.
  const moment = data?.info.status === "RUNNING" ? turn : 0;
  const board = (/** @type {string[]} */ some) => html`<${Board} runs=${drawn} keys=${some} look=${readLook(query)} set=${setLook} pulse=${pulse} place=${experiment} />`;
  /** @type {Record<string, (run: any) => any>} */
  const views = {
    overview: (run) => html`<${Overview} run=${run} tags=${tags} changed=${changed} turn=${moment} again=${again} />`,
    metrics: (run) => html`<div class="row"><span class="buttons" role="group" aria-label="Show metrics as"><button type="button" aria-pressed=${!table} onClick=${() => change({ as: null, points: null })}>charts</button><button type="button" aria-pressed=${table} onClick=${() => change({ as: "table" })}>table</button></span></div>
      ${table ? html`<${Tables} run=${run} changed=${changed} query=${query} />` : board(own)}`,
    system: () => board(system),
    logs: (run) => html`<${Logs} run=${run} query=${query} />`,
    artifacts: (run) => html`<${Artifacts} owner=${id} path=${rest.split("/").slice(1).join("/")} href=${(/** @type {string} */ path) => link(["experiments", experiment, "runs", id, "artifacts", ...path.split("/").filter(Boolean)])} turn=${arrived} edit=${run.info.lifecycle_stage === "active"} />`,
    data: (run) => html`<${Data} run=${run} turn=${moment} />`,
    code: (run) => html`<${Code} run=${run} tags=${tags} files=${recorded.data} />`,
    timeline: (run) => html`<${Timeline} run=${run} turn=${moment} />`,
  };
  return html`
    <${Crumbs} trail=${[{ name: "Experiments", href: link(["experiments"]) }, { name: about.data?.name ?? experiment, href: link(["experiments", experiment]) }, { name: data?.info.run_name || id }]} />
    ${!data
      ? html`<${Skeleton} rows=${12} />`
      : html`
        <${Head} run=${data} tags=${tags} again=${again} />
        <${Tabs} label="Parts of the run" chosen=${tab} tabs=${[
          { name: "overview", href: at("overview") },
          { name: "metrics", href: at("metrics"), count: own.length },
          ...(system.length > 0 || tab === "system" ? [{ name: "system", href: at("system"), count: system.length }] : []),
          ...(consoles || tab === "logs" || data.info.status === "RUNNING" ? [{ name: "logs", href: at("logs") }] : []),
          { name: "artifacts", href: at("artifacts") },
          { name: "data", href: at("data"), count: links || undefined },
          { name: "code", href: at("code") },
          { name: "timeline", href: at("timeline") },
        ]} />
        ${Object.hasOwn(views, tab) ? views[tab](data) : html`<${Trouble} error=${new Error(`A run has no part that is called ${JSON.stringify(tab)}.`)} />`}`}
  `;
}
