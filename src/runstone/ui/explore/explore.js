/** What a sweep tells: parallel coordinates, importance of params, two columns against each other. A part that is chosen in one picture is chosen in all. */

import { useAnswer } from "../ground/api.js";
import { counted, number } from "../ground/format.js";
import { html, useMemo, useRef, useState } from "../ground/html.js";
import { dark } from "../ground/kept.js";
import { useRenewal } from "../ground/live.js";
import { change, go, place } from "../ground/route.js";
import { ofMachine } from "../ground/system.js";
import { Menu } from "../parts/menu.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { SHOWS, read as readColumn, written as columnId } from "../runs/columns.js";
import { byName } from "../ground/goals.js";
import { filtered, fitting, read, written } from "./brushes.js";
import { sweep as fetchSweep } from "./data.js";
import { AxisMenu } from "./axis.js";
import { Groups, membership, tints } from "./groups.js";
import { Importance, useInfluence } from "./importance.js";
import { inked, shades } from "./ink.js";
import { Parallel } from "./parallel.js";
import { Pictures, PLOTS } from "./pictures.js";
import { logs } from "./query.js";
import { scale } from "./scales.js";

/** Columns that are asked for unasked, and axes that are drawn: what can be told apart on a screen. */
const PARAMS = 40;
const METRICS = 20;
const AXES = 8;
/** Milliseconds between two answers while runs log, at least; and how many times as long as an answer takes. */
const PAUSE = 5_000;
const CALM = 10;
const HELD_OUT = /(^|[^a-z])(val|valid|validation|test|eval)([^a-z]|$)/i;
const TOOK = /(^|[^a-z])(time|duration|latency|seconds|ms)([^a-z]|$)/i;

/**
 * @typedef {import("../runs/columns.js").Column} Asked
 * @param {{
 *   experiments: string[], filter: string, keys: import("../runs/columns.js").Keys, deleted?: boolean, runs?: string[], setFilter: (filter: string) => void,
 *   groups?: import("./groups.js").Grouped | null, pulse?: import("../ground/live.js").Pulse | null, turn?: number,
 * }} props
 *   deleted: the table shows deleted runs; runs: those that are chosen in it, if any; setFilter: puts a filter into the table; groups: the table's, if it
 *   has some; pulse: what goes on: new runs and points come in calmly; turn: rises when all is to be asked for anew
 */
export function Explore({ experiments, filter, keys, deleted = false, runs, setFilter, groups = null, pulse = null, turn = 0 }) {
  const { query } = place.value;
  const metrics = keys.metrics.filter(({ key }) => !ofMachine(key));
  const target = wantedMetric(metrics, query.get("metric"));
  const show = SHOWS.find((one) => one === query.get("of")) ?? "last";
  const asked = useMemo(() => {
    /** @type {Map<string, Asked>} */
    const wanted = new Map();
    /** @param {Asked} column */
    const add = (column) => wanted.set(columnId(column), column);
    if (target) add({ kind: "metric", key: target, show });
    for (const column of groups?.by ?? []) add(column);
    for (const { key } of keys.params.filter((one) => one.runs > 0).slice(0, PARAMS)) add({ kind: "param", key, show: "last" });
    for (const { key } of metrics.filter((one) => one.runs > 0).slice(0, METRICS)) add({ kind: "metric", key, show: "last" });
    for (const id of [...(query.get("axes") ?? "").split("\n"), query.get("px") ?? "", query.get("py") ?? "", ...Object.keys(read(query.get("brush")))].slice(0, METRICS)) {
      const column = readColumn(id);
      if (column) add(column);
    }
    return [...wanted];
  }, [keys, target, show, query.get("axes"), query.get("px"), query.get("py"), query.get("brush"), JSON.stringify(groups?.by)]);
  const took = useRef(0);
  const { data: told, error, again, loading } = useAnswer(["matrix", experiments, filter, deleted, asked.map(([id]) => id), turn], async (signal) => {
    const began = performance.now();
    const sweep = await fetchSweep({ experiment_ids: experiments, filter, run_view_type: deleted ? "DELETED_ONLY" : "ACTIVE_ONLY" }, asked, signal);
    took.current = performance.now() - began;
    return { sweep, of: JSON.stringify([filter, deleted, turn]) };
  });
  useRenewal(pulse, loading, Math.max(PAUSE, CALM * took.current), again);
  const data = told?.sweep;
  if (!target) return html`<${Empty} title="No metrics yet" code=${'runstone.log_params({"lr": 0.01, "depth": 4})\nrunstone.log_metric("loss", 0.5)'}>What params do to a metric is seen here, from a few runs on.<//>`;
  if (error) return html`<${Trouble} error=${error} again=${again} />`;
  if (!data) return html`<${Skeleton} rows=${14} height=${22} />`;
  if (data.ids.length === 0) return html`<${Empty} title="No run fits">Change the filter, or clear it.<//>`;
  const column = data.columns.get(columnId({ kind: "metric", key: target, show }));
  if (!column) return html`<${Skeleton} rows=${14} height=${22} />`;
  return html`<${Sight} sweep=${data} target=${column} metrics=${metrics} filter=${filter} picked=${runs ?? []} setFilter=${setFilter} groups=${groups} of=${`${told.of} ${column.id}`} />`;
}

/** The metric one asked for, or the first that was measured on held-out data and has a direction. @param {import("../runs/columns.js").Key[]} metrics @param {string | null} told */
function wantedMetric(metrics, told) {
  if (told && metrics.some(({ key }) => key === told)) return told;
  const there = metrics.filter(({ runs }) => runs > 0);
  const directed = there.filter(({ key }) => byName(key));
  // How long something took is seldom what a sweep is about.
  const found = directed.find(({ key }) => HELD_OUT.test(key)) ?? directed.find(({ key }) => !TOOK.test(key)) ?? directed[0] ?? there[0] ?? metrics[0];
  return found?.key;
}

/** @param {{sweep: import("./data.js").Sweep, target: import("./data.js").Column, metrics: import("../runs/columns.js").Key[], filter: string, picked: string[], setFilter: (filter: string) => void, groups: import("./groups.js").Grouped | null, of: string}} props of: what it is a sight of: while that stays, axes stay */
function Sight({ sweep, target, metrics, filter, picked, setFilter, groups, of }) {
  const { query } = place.value;
  const [draft, setDraft] = useState(/** @type {import("./brushes.js").Brushes | null} */ (null));
  const [pointed, setPointed] = useState("");
  const at = pointed === "" ? -1 : sweep.ids.indexOf(pointed);
  const setAt = (/** @type {number} */ run) => setPointed(sweep.ids[run] ?? "");
  const stored = query.get("brush");
  const brushes = useMemo(() => draft ?? read(stored), [draft, stored]);
  const scales = useMemo(() => {
    const chosen = logs(query);
    return new Map([...sweep.columns.values()].map((column) => [column.id, scale(column, chosen.get(column.id))]));
  }, [sweep, query.get("log"), query.get("linear")]);
  const within = useMemo(() => fitting(brushes, sweep.columns, sweep.ids.length), [brushes, sweep]);
  const told = picked.join(",");
  const fits = useMemo(() => {
    if (picked.length === 0) return within;
    const wanted = new Set(picked);
    return within.map((one, run) => (wanted.has(sweep.ids[run]) ? one : 0));
  }, [within, told, sweep]);
  const byGroup = groups !== null && query.get("tint") === "groups";
  const ink = useMemo(
    () => (byGroup ? { of: membership(groups, sweep), tints: tints(groups) } : { of: inked(target, scales.get(target.id), sweep.ids.length), tints: shades() }),
    [target, scales, sweep, byGroup && groups, dark.value],
  );

  const varying = useMemo(() => [...sweep.columns.values()].filter((column) => column.distinct > 1), [sweep]);
  const params = useMemo(() => varying.filter(({ column }) => column.kind === "param"), [varying]);
  const settled = useMemo(() => fitting(read(stored), sweep.columns, sweep.ids.length), [stored, sweep]);
  const list = useInfluence(params, target, settled);
  // Axes stand still while parts of them are chosen.
  const everyone = useMemo(() => new Uint8Array(sweep.ids.length).fill(1), [sweep]);
  const overall = useInfluence(params, target, everyone);
  const ranked = useStanding(of, overall.map(({ column }) => column.id));
  // Those that tell most; texts that are each run's own are no axis.
  const telling = useMemo(() => ranked.flatMap((id) => sweep.columns.get(id) ?? []).filter((column) => column.distinct > 1 && (!column.kinds || column.kinds.length <= 30)), [ranked, sweep]);
  const chosen = query.get("axes");
  const axes = useMemo(() => {
    if (chosen !== null) return /** @type {import("./data.js").Column[]} */ (chosen.split("\n").map((id) => sweep.columns.get(id)).filter(Boolean));
    return [...telling.slice(0, AXES - 1), target];
  }, [chosen, sweep, telling, target]);

  /** @param {import("./brushes.js").Brushes} next @param {boolean} done */
  const brush = (next, done) => {
    setDraft(done ? null : next);
    if (done) change({ brush: written(next) });
  };
  /** @param {Record<string, import("./brushes.js").Brush | null>} changes @param {boolean} [done] */
  const choose = (changes, done = true) => {
    const next = { ...brushes };
    for (const [id, one] of Object.entries(changes)) {
      if (one === null) delete next[id];
      else next[id] = one;
    }
    brush(next, done);
  };
  /** @param {import("./data.js").Column[]} next */
  const setAxes = (next) => change({ axes: next.map(({ id }) => id).join("\n") });
  const open = (/** @type {number} */ run) => go(["experiments", sweep.experiments[run], "runs", sweep.ids[run]]);
  const narrow = () => {
    const next = filtered(filter, brushes, sweep.columns);
    // What is chosen goes out of the address before the filter comes into it, for that may make a step of the history.
    change({ brush: null });
    setFilter(next);
  };
  const count = fits.reduce((sum, one) => sum + one, 0);
  const some = Object.keys(brushes).length > 0;
  const plot = PLOTS.find((one) => one === query.get("plot")) ?? "scatter";
  const others = [...sweep.columns.values()].filter((column) => !axes.includes(column));
  return html`<div class="column explore">
    <div class="row wrap" role="toolbar" aria-label="Exploring">
      <label>metric <select aria-label="Metric" value=${target.column.key} onChange=${(/** @type {any} */ event) => change({ metric: event.target.value })}>${metrics.map(({ key }) => html`<option value=${key}>${key}</option>`)}</select></label>
      <select aria-label="Which of its values" value=${target.column.show} onChange=${(/** @type {any} */ event) => change({ of: event.target.value === "last" ? null : event.target.value })}>${SHOWS.slice(0, 5).map((one) => html`<option value=${one}>${one}</option>`)}</select>
      ${groups && html`<span class="buttons" role="group" aria-label="Colours"><button type="button" aria-pressed=${!byGroup} onClick=${() => change({ tint: null })}>by metric</button><button type="button" aria-pressed=${byGroup} onClick=${() => change({ tint: "groups" })}>by group</button></span>`}
      ${!byGroup && html`<${Legend} scale=${/** @type {import("./scales.js").Scale} */ (scales.get(target.id))} />`}
      <${Menu} label="Axes" stays><div class="chooser"><div class="scroll">${[...axes, ...others].map(
        (column) => html`<label key=${column.id} class="row" title=${column.id}><input type="checkbox" checked=${axes.includes(column)} onChange=${() => setAxes(axes.includes(column) ? axes.filter((one) => one !== column) : [...axes, column])} /> <span class="cut">${column.title}</span>${column.distinct < 2 && html`<span class="tag">one value</span>`}</label>`,
      )}</div><footer class="row"><button type="button" class="plain" onClick=${() => change({ axes: null })}>The usual ones</button></footer></div><//>
      <span class="grow" />
      <span class="quiet" role="status">${some || picked.length > 0 ? `${count.toLocaleString("en")} of ${counted(sweep.ids.length, "run")}` : counted(sweep.ids.length, "run")}${sweep.total > sweep.ids.length ? `, the newest of ${sweep.total.toLocaleString("en")}` : ""}</span>
      ${some && html`<button type="button" class="main" onClick=${narrow}>Filter the runs by it</button>
        <button type="button" onClick=${() => brush({}, true)}>Clear</button>`}
    </div>
    ${byGroup && html`<${Groups} groups=${groups} sweep=${sweep} brushes=${brushes} choose=${choose} />`}
    <section class="card inside-card" aria-label="Parallel coordinates">
      ${axes.length < 2
        ? html`<p class="quiet">${params.length === 0 ? "No param varies among these runs." : "Choose two axes or more."}</p>`
        : html`<${Parallel} axes=${axes} scales=${scales} ink=${ink} fits=${fits} sweep=${sweep} brushes=${brushes} at=${at} setAt=${setAt} open=${open}
            brush=${(/** @type {string} */ id, /** @type {import("./brushes.js").Brush | null} */ one, /** @type {boolean} */ done) => choose({ [id]: one }, done)}
            head=${(/** @type {import("./data.js").Column} */ column, /** @type {number} */ where) => html`<${AxisMenu} column=${column} scale=${scales.get(column.id)} brush=${brushes[column.id]} set=${(/** @type {any} */ one) => choose({ [column.id]: one })} axes=${axes} where=${where} setAxes=${setAxes} />`} />`}
    </section>
    <div class="sights">
      <${Importance} list=${list} metric=${target} />
      <${Pictures} columns=${varying.length > 0 ? varying : [target]} plot=${plot} over=${query.get("px")} up=${query.get("py")} first=${telling} z=${target}
        scales=${scales} ink=${ink} fits=${fits} sweep=${sweep} at=${at} setAt=${setAt} open=${open} brush=${choose} />
    </div>
  </div>`;
}

/**
 * Names in the order in which they were first, those that have come since behind them.
 * @param {string} of while this stays, they stay
 * @param {string[]} names
 */
function useStanding(of, names) {
  const before = useRef({ of: "", names: /** @type {string[]} */ ([]) });
  return useMemo(() => {
    const had = before.current.of === of ? before.current.names : [];
    before.current = { of, names: [...had, ...names.filter((name) => !had.includes(name))] };
    return before.current.names;
  }, [of, names.join("\n")]);
}

/** What the colours mean. @param {{scale: import("./scales.js").Scale}} props */
function Legend({ scale: { back } }) {
  const [low, high] = [0, 1].map((part) => number(Number(back(part).toPrecision(3))));
  return html`<span class="row small quiet legend" role="img" aria-label=${`Colours from ${low} (dark) to ${high}`}><span class="number">${low}</span><span class="ramp" style=${{ background: `linear-gradient(90deg, ${shades().join(",")})` }} /><span class="number">${high}</span></span>`;
}
