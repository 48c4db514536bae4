/** One run: what it was given, what came of it, how it went. */

import { get, useAnswer } from "../ground/api.js";
import { html } from "../ground/html.js";
import { usePulse } from "../ground/live.js";
import { link } from "../ground/route.js";
import { Artifacts } from "../artifacts/artifacts.js";
import { Board } from "../charts/board.js";
import { read as readLook, set as setLook } from "../charts/look.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { Crumbs, Tabs } from "../parts/tabs.js";
import { Head } from "../run/head.js";
import { Overview } from "../run/overview.js";

/** @typedef {{key: string, value: any, step?: number, timestamp?: number}} Value */

/** @param {{parts: {ids: string, run: string, rest?: string}, query: URLSearchParams}} props */
export default function Run({ parts, query }) {
  const experiment = parts.ids;
  const { pulse, turn } = usePulse([experiment]);
  const { data, error, again } = useAnswer(["run", parts.run, turn], async (signal) => (await get("/mlflow/runs/get", { run_id: parts.run }, signal)).run);
  const about = useAnswer(["experiment", experiment], async (signal) => (await get("/mlflow/experiments/get", { experiment_id: experiment }, signal)).experiment);
  if (error && !data) return html`<${Trouble} error=${error} again=${again} />`;
  const tab = (parts.rest ?? "").split("/")[0] || "overview";
  const inner = (parts.rest ?? "").split("/").slice(1).join("/");
  /** @param {string} name */
  const at = (name) => link(["experiments", experiment, "runs", parts.run, ...(name === "overview" ? [] : [name])]);
  const metrics = /** @type {Value[]} */ (data?.data?.metrics ?? []).map(({ key }) => key);
  const system = metrics.filter((key) => key.startsWith("system/"));
  const own = metrics.filter((key) => !key.startsWith("system/"));
  const drawn = data && [{ run_id: data.info.run_id, run_name: data.info.run_name, colour: data.data?.tags?.find((/** @type {Value} */ one) => one.key === "mlflow.runColor")?.value }];
  return html`
    <${Crumbs} trail=${[{ name: "Experiments", href: link(["experiments"]) }, { name: about.data?.name ?? experiment, href: link(["experiments", experiment]) }, { name: data?.info.run_name ?? parts.run }]} />
    ${!data
      ? html`<${Skeleton} rows=${12} />`
      : html`
        <${Head} run=${data} again=${again} />
        <${Tabs} label="Parts of the run" chosen=${tab} tabs=${[
          { name: "overview", href: at("overview") },
          { name: "metrics", href: at("metrics"), count: own.length },
          ...(system.length > 0 ? [{ name: "system", href: at("system"), count: system.length }] : []),
          { name: "artifacts", href: at("artifacts") },
        ]} />
        ${tab === "metrics" || tab === "model-metrics"
          ? html`<${Board} runs=${drawn} keys=${own} look=${readLook(query)} set=${setLook} pulse=${pulse} place=${experiment} />`
          : tab === "system" || tab === "system-metrics"
            ? html`<${Board} runs=${drawn} keys=${system} look=${readLook(query)} set=${setLook} pulse=${pulse} place=${experiment} />`
            : tab === "artifacts"
              ? html`<${Artifacts} owner=${parts.run} path=${inner} href=${(/** @type {string} */ path) => link(["experiments", experiment, "runs", parts.run, "artifacts", ...path.split("/").filter(Boolean)])} turn=${turn} />`
              : html`<${Overview} run=${data} />`}`}
  `;
}
