/** Runs side by side: values with the way from a baseline, curves over each other, environment and code, artifacts. */

import { change, link, place } from "../ground/route.js";
import { colour } from "../ground/colours.js";
import { counted } from "../ground/format.js";
import { html, useState } from "../ground/html.js";
import { usePulse } from "../ground/live.js";
import { Board } from "../charts/board.js";
import { read as readLook, set as setLook } from "../charts/look.js";
import { Difference } from "../compare/difference.js";
import { besideOf, PATCH, sections as codeSections } from "../compare/environment.js";
import { filesOf, sections as fileSections } from "../compare/files.js";
import { ModelDifference, modelsOf, sections as modelSections } from "../compare/models.js";
import { listed, MOST, useEach, useExperiments, useRuns } from "../compare/runs.js";
import { keysOf, Sheet } from "../compare/sheet.js";
import { sections as valueSections, SHOWS } from "../compare/values.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { Crumbs, Tabs } from "../parts/tabs.js";

const VIEWS = ["values", "charts", "environment", "artifacts"];

/** @param {{query: URLSearchParams}} props */
export default function Compare({ query }) {
  const ids = listed(query.get("runs"));
  const experiments = listed(query.get("experiments"));
  const [live, setLive] = useState(0);
  const { pulse, turn } = usePulse(experiments);
  const { data, error, again } = useRuns(ids.slice(0, MOST), live);
  // Runs that have ended do not change.
  if (turn !== live && data?.some((run) => run.status === "RUNNING")) setLive(turn);
  const names = useExperiments(data ? data.map((run) => run.experiment_id) : []);
  const back = experiments.length > 0 ? link(["experiments", experiments.join(",")]) : link(["experiments"]);
  const crumbs = html`<${Crumbs} trail=${[{ name: "Experiments", href: link(["experiments"]) }, { name: experiments.length > 1 ? `${experiments.length} experiments` : (names.get(experiments[0]) ?? "Runs"), href: back }, { name: "Compare" }]} />`;
  if (ids.length === 0) return html`${crumbs}<${Empty} title="Nothing to compare">Choose two runs or more in a table of runs (<kbd>x</kbd>), then <kbd>c</kbd>.<//>`;
  if (error && !data) return html`${crumbs}<${Trouble} error=${error} again=${again} />`;
  if (!data) return html`${crumbs}<${Skeleton} rows=${16} />`;
  return html`${crumbs}<${Side} runs=${data} names=${names} query=${query} more=${ids.length - data.length} pulse=${pulse} />`;
}

/** @param {{runs: import("../compare/runs.js").Compared[], names: Map<string, string>, query: URLSearchParams, more: number, pulse: import("../ground/live.js").Pulse | null}} props */
function Side({ runs, names, query, more, pulse }) {
  const told = query.get("base");
  const chosen = told === "none" ? -1 : Math.max(0, runs.findIndex((run) => run.run_id === told));
  const base = chosen >= 0 && !runs[chosen].gone ? runs[chosen].run_id : "";
  // The baseline stands first, where it can be seen beside any other.
  const ordered = base ? [runs[chosen], ...runs.filter((run) => run.run_id !== base)] : runs;
  const metrics = listed(query.get("metrics")); // all, where none are named
  const view = VIEWS.includes(query.get("view") ?? "") ? /** @type {string} */ (query.get("view")) : "values";
  const [text, setText] = useState("");
  const tabs = VIEWS.map((name) => {
    const next = new URLSearchParams(query);
    if (name === "values") next.delete("view");
    else next.set("view", name);
    return { name, href: link(place.value.parts, next) };
  });
  const common = {
    runs: ordered, names, base, only: query.has("diff"), text,
    setBase: (/** @type {string} */ id) => change({ base: id === "" ? "none" : id === runs[0].run_id ? null : id }),
    remove: (/** @type {string} */ id) => change({ runs: JSON.stringify(runs.filter((run) => run.run_id !== id).map((run) => run.run_id)), ...(id === told ? { base: null } : {}) }),
  };
  return html`
    <div class="head"><h1>Compare ${counted(runs.length, "run")}</h1>${more > 0 && html`<span class="note warn small">${more} more are left out: ${MOST} are compared at a time.</span>`}</div>
    <${Tabs} label="What is compared" chosen=${view} tabs=${tabs} />
    ${view !== "charts" && html`<div class="row wrap" role="toolbar" aria-label="What is shown">
      <input type="search" placeholder="Find a name" aria-label="Find a name" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
      <label><input type="checkbox" checked=${common.only} onChange=${() => change({ diff: common.only ? null : 1 })} /> Only differences</label>
    </div>`}
    ${view === "charts"
      ? html`<ul class="row wrap small" aria-label="Runs">${runs.map((run) => html`<li class="row"><span class="dot" style=${{ color: colour(run.run_id, run.colour) }} />${run.gone ? run.run_id : html`<a class="cut" href=${link(["experiments", run.experiment_id, "runs", run.run_id])}>${run.run_name}</a>`}</li>`)}</ul>
        ${metrics.length > 0 && html`<p class="row wrap small"><span class="quiet">Only ${metrics.join(", ")}</span> <button type="button" class="small" onClick=${() => change({ metrics: null }, { push: true })}>Show all metrics</button></p>`}
        <${Board} runs=${runs.filter((run) => !run.gone)} keys=${metrics.length > 0 ? metrics : keysOf(runs.map((run) => run.metrics))} look=${readLook(query)} set=${setLook} pulse=${pulse} place="compare" />`
      : view === "values"
        ? html`<${Values} common=${common} show=${SHOWS.find((one) => one === query.get("show")) ?? "last"} />`
        : view === "environment"
          ? html`<${Environment} common=${common} />`
          : html`<${Files} common=${common} />`}
  `;
}

/** @param {{children?: any}} props */
const Card = ({ children }) => html`<div class="card grow table-card">${children}</div>`;

/** @param {any[]} runs @param {string} base */
const placeOf = (runs, base) => runs.findIndex((run) => run.run_id === base);

/** @param {{common: any, show: string}} props */
function Values({ common, show }) {
  const chooser = html`<span class="buttons" role="group" aria-label="Of a metric">${SHOWS.map((one) => html`<button type="button" class="small" aria-pressed=${one === show} onClick=${() => change({ show: one === "last" ? null : one })}>${one}</button>`)}</span>`;
  return html`<${Card}><${Sheet} ...${common} label="Values of the runs" sections=${valueSections(common.runs, placeOf(common.runs, common.base), show, chooser, common.names)} /><//>`;
}

/** @param {{common: any}} props */
function Environment({ common }) {
  const [open, setOpen] = useState(-1);
  const { data, error, again } = useEach("beside", common.runs, besideOf);
  const base = placeOf(common.runs, common.base);
  if (error) return html`<${Trouble} error=${error} again=${again} />`;
  if (!data) return html`<${Skeleton} rows=${12} />`;
  return html`<${Card}><${Sheet} ...${common} label="Environment of the runs" sections=${codeSections(common.runs, common.runs.map((/** @type {any} */ run) => data.get(run.run_id) ?? { packages: new Map() }), base, (_, at) => setOpen(at))} /><//>
    ${open >= 0 && base >= 0 && html`<${Difference} path=${PATCH} left=${common.runs[base]} right=${common.runs[open]} close=${() => setOpen(-1)} />`}`;
}

/** @param {{common: any}} props */
function Files({ common }) {
  const [open, setOpen] = useState(/** @type {{path: string, at: number} | null} */ (null));
  const [model, setModel] = useState(/** @type {{name: string, at: number} | null} */ (null));
  const { data, error, again } = useEach("files", common.runs, filesOf);
  const models = useEach("models", common.runs, modelsOf).data;
  const base = placeOf(common.runs, common.base);
  if (error) return html`<${Trouble} error=${error} again=${again} />`;
  if (!data) return html`<${Skeleton} rows=${12} />`;
  /** @template T @param {Map<string, T> | undefined} found what there is of each run @returns {any[]} */
  const each = (found) => common.runs.map((/** @type {any} */ run) => found?.get(run.run_id) ?? new Map());
  const rows = [...modelSections(each(models), base, (name, at) => setModel({ name, at })), ...fileSections(each(data), base, (path, at) => setOpen({ path, at }))];
  return html`<${Card}><${Sheet} ...${common} label="Artifacts of the runs" sections=${rows} /><//>
    ${model && base >= 0 && html`<${ModelDifference} name=${model.name} models=${[base, model.at].map((at) => each(models)[at].get(model.name))} runs=${[base, model.at].map((at) => common.runs[at].run_name)} close=${() => setModel(null)} />`}
    ${open && base >= 0 && html`<${Difference} path=${open.path} left=${common.runs[base]} right=${common.runs[open.at]} files=${[base, open.at].map((at) => data.get(common.runs[at].run_id)?.get(open.path))} close=${() => setOpen(null)} />`}`;
}
