/** The versions of a model, with what was measured of each. */

import { ago, when } from "../ground/format.js";
import { html, useMemo } from "../ground/html.js";
import { change, go, link } from "../ground/route.js";
import { machineLast } from "../ground/system.js";
import { unmarked } from "../ground/unmarked.js";
import { Menu } from "../parts/menu.js";
import { useRows } from "../parts/rows.js";
import { say } from "../parts/toasts.js";
import { AliasChip } from "./aliases.js";
import { latest, shown } from "./asking.js";
import { TagList } from "./tags.js";

/** Metrics that are columns where none were chosen. */
const USUAL = 4;

/** @param {{name: string, data: {versions: import("./asking.js").Version[], measured: Map<string, import("./asking.js").Measured>, guards: import("./asking.js").Protection[]}, query: URLSearchParams, older: false | (() => void)}} props */
export function Versions({ name, data, query, older }) {
  const { versions, measured } = data;
  const values = useMemo(() => new Map(versions.map((one) => [one.version, latest(measured.get(one.model_id ?? "")?.metrics ?? [])])), [versions, measured]);
  const keys = useMemo(() => [...new Set([...values.values()].flatMap((one) => [...one.keys()]))].sort((one, other) => machineLast(one, other) || one.localeCompare(other, undefined, { numeric: true })), [values]);
  const chosen = query.has("metrics") ? query.getAll("metrics")[0].split("\n").filter((key) => keys.includes(key)) : keys.slice(0, USUAL);
  /** @param {string} key */
  const toggle = (key) => change({ metrics: (chosen.includes(key) ? chosen.filter((one) => one !== key) : keys.filter((one) => one === key || chosen.includes(one))).join("\n") || "\n" });
  const staged = versions.some(({ current_stage }) => current_stage && current_stage !== "None");
  /** @param {string[]} two */
  const compare = (two) => {
    if (two.length === 2) go(["compare-model-versions"], { name: JSON.stringify(name), versions: [...two].sort((one, other) => Number(one) - Number(other)).join(",") });
    else say("Choose two versions to compare (x).");
  };
  const list = useRows({
    one: "version", ids: versions.map(({ version }) => version), most: 2, open: (version) => go(["models", name, "versions", version]),
    compare: { does: "Compare two chosen versions", run: compare },
  });
  const { picked, pick } = list;
  return html`<section class="card"><header class="wrap"><h2 class="grow">Versions <span class="quiet small">${versions.length}${older ? "+" : ""}</span></h2>
      ${keys.length > 0 && html`<${Menu} label="Metrics" right stays>${keys.map((key) => html`<label key=${key} class="choice"><input type="checkbox" checked=${chosen.includes(key)} onChange=${() => toggle(key)} /> <span class="cut">${key}</span></label>`)}<//>`}
      <button type="button" disabled=${picked.length !== 2} title="Choose two versions" onClick=${() => compare(picked)}>Compare</button></header>
    <div class="scroll"><table class="plain versions">
      <thead><tr><th class="narrow"><span class="hidden">Choose</span></th><th>Version</th><th>Aliases</th>${chosen.map((key) => html`<th key=${key} class="number">${key}</th>`)}${staged && html`<th>Stage</th>`}<th>Made</th><th>By</th><th>From</th><th class="wide">Description</th></tr></thead>
      <tbody>${versions.map((one) => html`<tr key=${one.version} ...${list.row(one.version)}>
        <td class="narrow"><input type="checkbox" aria-label=${`Choose version ${one.version}`} checked=${picked.includes(one.version)} onChange=${() => pick(one.version)} /></td>
        <td class="nowrap"><a href=${link(["models", name, "versions", one.version])}>${one.version}</a>${one.status && one.status !== "READY" && html` <span class=${`status ${one.status}`}>${one.status.toLowerCase().replace(/_/g, " ")}</span>`}</td>
        <td><span class="row wrap tags">${(one.aliases ?? []).map((alias) => html`<${AliasChip} name=${name} alias=${alias} version=${one.version} />`)}</span></td>
        ${chosen.map((key) => html`<td key=${key} class="number">${values.get(one.version)?.has(key) ? shown(values.get(one.version)?.get(key)?.value) : ""}</td>`)}
        ${staged && html`<td class="quiet">${one.current_stage === "None" ? "" : one.current_stage}</td>`}
        <td class="quiet nowrap"><time title=${when(Number(one.creation_timestamp))}>${ago(Number(one.creation_timestamp))}</time></td>
        <td class="quiet">${one.user_id}</td>
        <td class="nowrap"><${From} one=${one} experiment=${measured.get(one.model_id ?? "")?.experiment_id} /></td>
        <td class="wide quiet"><span class="two-lines">${unmarked(one.description ?? "")}</span><${TagList} tags=${one.tags} /></td>
      </tr>`)}</tbody></table>
      ${older && html`<p class="inside"><button type="button" onClick=${older}>Older versions</button></p>`}</div>
  </section>`;
}

/**
 * What a version was made of.
 * @param {{one: import("./asking.js").Version, experiment?: string}} props
 */
export function From({ one, experiment }) {
  if (!experiment && !one.run_id) return html`<span class="quiet cut" title=${one.source}>${one.source}</span>`;
  if (!experiment) return html`<a href=${link(["runs", /** @type {string} */ (one.run_id)])} title=${one.source}>run</a>`;
  return html`${one.run_id && html`<a href=${link(["experiments", experiment, "runs", one.run_id])}>run</a>${one.model_id ? " · " : ""}`}${one.model_id && html`<a href=${link(["experiments", experiment, "models", one.model_id])}>model</a>`}`;
}
