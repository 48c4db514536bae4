/** What is compared of runs at first: what they are, their metrics with the way from the baseline, params, tags. */

import { ago, duration, number, when } from "../ground/format.js";
import { html } from "../ground/html.js";
import { machineLast } from "../ground/system.js";
import { away, best, goal, judged, turnGoal } from "../ground/goals.js";
import { keysOf, texts } from "./sheet.js";

export const SHOWS = ["last", "min", "max"];
const ARROWS = { least: "↓", greatest: "↑", "": "·" };
const WORDS = { least: "less is better", greatest: "more is better", "": "neither is better" };

/** A value of the wire, where NaN and the infinities are texts or missing. @param {unknown} value */
const plain = (value) => (value === undefined || value === null ? NaN : Number(value));

/**
 * @param {import("./runs.js").Compared[]} runs
 * @param {number} base
 * @param {string} show last, min or max
 * @param {any} chooser what chooses it
 * @param {Map<string, string>} names of experiments
 * @returns {import("./sheet.js").Section[]}
 */
export const sections = (runs, base, show, chooser, names) => [
  { title: "About", rows: about(runs, base, names), none: "" },
  { title: "Metrics", rows: keysOf(runs.map((run) => run.metrics)).sort(machineLast).map((key) => metric(key, runs, base, show)), none: "None were logged.", extra: chooser },
  { title: "Params", rows: keysOf(runs.map((run) => run.params)).map((key) => texts(key, runs.map((run) => run.params.get(key)), base)), none: "None were logged." },
  { title: "Tags", rows: keysOf(runs.map((run) => run.tags)).filter((key) => !/^(mlflow|runstone)\./.test(key)).map((key) => texts(key, runs.map((run) => run.tags.get(key)), base)), none: "None were set." },
];

/** @param {import("./runs.js").Compared[]} runs @param {number} base @param {Map<string, string>} names of experiments */
function about(runs, base, names) {
  const took = runs.map((run) => (run.info.start_time ? (Number(run.info.end_time) || Date.now()) - Number(run.info.start_time) : null));
  /** @param {string} key @param {(string | undefined)[]} values */
  const plainly = (key, values) => texts(key, values, base);
  return [
    { ...plainly("status", runs.map((run) => run.status || undefined)), cell: (/** @type {number} */ at) => runs[at].status && html`<span class=${`status ${runs[at].status}`}>${runs[at].status.toLowerCase()}</span>` },
    { key: "started", differs: true, cell: (/** @type {number} */ at) => runs[at].info.start_time && html`<time title=${when(Number(runs[at].info.start_time))}>${ago(Number(runs[at].info.start_time))}</time>` },
    {
      key: "duration", differs: true, number: true,
      cell: (/** @type {number} */ at) => {
        const ms = took[at];
        const times = ms !== null && base >= 0 && at !== base && took[base] ? Number((ms / /** @type {number} */ (took[base])).toPrecision(2)) : 1;
        return ms === null ? null : html`${duration(ms)}${times !== 1 && html`<span class="delta">${number(times)} ×</span>`}`;
      },
    },
    plainly("user", runs.map((run) => run.info.user_id || run.tags.get("mlflow.user"))),
    plainly("experiment", runs.map((run) => names.get(run.experiment_id) ?? (run.experiment_id || undefined))),
    { ...plainly("run", runs.map((run) => run.run_id)), other: undefined },
  ];
}

/**
 * @param {string} key
 * @param {import("./runs.js").Compared[]} runs
 * @param {number} base
 * @param {string} show
 * @returns {import("./sheet.js").Row}
 */
function metric(key, runs, base, show) {
  const found = runs.map((run) => run.metrics.get(key));
  const values = found.map((summary) => (summary ? plain(summary[/** @type {"last"} */ (show)]) : undefined));
  const to = goal(key);
  const first = best(values, to);
  const from = base < 0 ? undefined : values[base];
  return {
    key, number: true, differs: values.some((value) => !Object.is(value, values[0])),
    title: html`<span class="cut grow" title=${key}>${key}</span><button type="button" class="plain small" title=${WORDS[to]} aria-label=${`${key}: ${WORDS[to]}; change it`} onClick=${() => turnGoal(key)}>${ARROWS[to]}</button>`,
    cell: (at) => {
      const value = values[at];
      if (value === undefined) return null;
      const told = from !== undefined && at !== base && Number.isFinite(value) && Number.isFinite(from);
      return html`<span class=${value === first ? "best" : ""} title=${value === first ? `${value}, the best` : String(value)}>${number(value)}</span>${told ? html`<span class=${`delta ${judged(value, /** @type {number} */ (from), to)}`}>${away(value, /** @type {number} */ (from))}</span>` : ""}`;
    },
  };
}
