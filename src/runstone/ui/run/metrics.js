/** A run's metrics in one row each, and the points of one as rows. */

import { get, useAnswer } from "../ground/api.js";
import { counted, duration, number, when } from "../ground/format.js";
import { html, useCallback, useMemo, useState } from "../ground/html.js";
import { change, link } from "../ground/route.js";
import { ofMachine } from "../ground/system.js";
import { Grid } from "../parts/grid.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { useWindows } from "../parts/windows.js";

/** @typedef {{key: string, count: number, last: any, min: any, max: any, last_step: number, first_timestamp: number, last_timestamp: number}} Summary */

/** Metrics that are drawn before one asks for more. */
const ROWS = 300;
/** Pixels that a row, and those of the head, are high: what is below does not move when the rows come. */
const ROW = 32;
const HEAD = 30;

/** @param {any} summary a value that the wire spells where JSON has no number */
const value = (summary) => (typeof summary === "number" ? number(summary) : summary === undefined || summary === null ? "NaN" : String(summary));

/** @param {string} run @param {unknown} changed @returns {import("../ground/api.js").Answer<Summary[]>} */
export const useSummaries = (run, changed) => useAnswer(["summaries", run, changed], async (signal) => (await get("/runstone/metrics/summaries", { run_id: run }, signal)).metrics ?? []);

/**
 * @param {{run: any, changed: unknown, chosen?: string, only?: (key: string) => boolean}} props
 *   chosen: the one whose points are shown
 */
export function Metrics({ run, changed, chosen, only = () => true }) {
  const [text, setText] = useState("");
  const [all, setAll] = useState(false);
  const { data, error } = useSummaries(run.info.run_id, changed);
  const expected = data ? 0 : (run.data?.metrics ?? []).filter((/** @type {any} */ one) => only(one.key)).length;
  const own = useMemo(() => (data ?? []).filter((one) => only(one.key)), [data, only]);
  const shown = own.filter((one) => one.key.toLowerCase().includes(text.toLowerCase()));
  const drawn = all ? shown : shown.slice(0, ROWS);
  /** @param {string} key */
  const points = (key) => link(["experiments", run.info.experiment_id, "runs", run.info.run_id, "metrics"], { as: "table", points: key });
  return html`<section class="card" aria-label="Metrics"><header><h2 class="grow">Metrics <span class="quiet small">${data ? own.length.toLocaleString("en") : ""}</span></h2>
    ${own.length > 8 && html`<input type="search" placeholder="Find" aria-label="Find metrics" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />`}</header>
    ${error
      ? html`<p class="note bad">${error.message}</p>`
      : !data
        ? html`<div class="inside" style=${{ minHeight: `${HEAD + ROW * Math.min(ROWS, expected)}px` }}><${Skeleton} rows=${5} /></div>`
        : own.length === 0
          ? html`<p class="inside quiet">None were logged.</p>`
          : html`<div class="scroll"><table class="plain">
            <thead><tr><th>Name</th><th class="number">Last</th><th class="number">Min</th><th class="number">Max</th><th class="number">Points</th></tr></thead>
            <tbody>${drawn.map((one) => html`<tr key=${one.key} class=${one.key === chosen ? "chosen" : ""}><td class="key"><a href=${points(one.key)} title="Its points">${one.key}</a></td><td class="number">${value(one.last)}</td><td class="number">${value(one.min)}</td><td class="number">${value(one.max)}</td><td class="number quiet">${Number(one.count).toLocaleString("en")}</td></tr>`)}</tbody>
          </table></div>
          ${drawn.length < shown.length && html`<button type="button" class="plain more-rows" onClick=${() => setAll(true)}>Show ${counted(shown.length - ROWS, "more metric")}</button>`}`}
  </section>`;
}

/** The metrics tab as a table: which there are, and the points of one. @param {{run: any, changed: unknown, query: URLSearchParams}} props */
export function Tables({ run, changed, query }) {
  const { data } = useSummaries(run.info.run_id, changed);
  const own = useCallback((/** @type {string} */ key) => !ofMachine(key), []);
  const chosen = query.get("points") ?? data?.find(({ key }) => own(key))?.key ?? "";
  const summary = data?.find((one) => one.key === chosen);
  return html`<div class="halves">
    <${Metrics} run=${run} changed=${changed} chosen=${chosen} only=${own} />
    ${summary ? html`<${Points} key=${chosen} run=${run} summary=${summary} />` : data && html`<${Empty} title=${chosen ? "No such metric" : "No metrics yet"} code=${'runstone.log_metric("loss", 0.5, step=1)'} />`}
  </div>`;
}

/** @typedef {{value: any, step?: number, timestamp?: number, model_id?: string, dataset_name?: string}} Point */

/** @param {{run: any, summary: Summary}} props */
function Points({ run, summary }) {
  const id = run.info.run_id;
  const began = Number(run.info.start_time ?? summary.first_timestamp);
  const { row, error, want, total } = useWindows(["points", id, summary.key, Number(summary.count)], async (offset, limit, signal) => {
    // A page's token is the number of its first point, written as all tokens are.
    const token = offset > 0 ? window.btoa(String(offset)).replaceAll("+", "-").replaceAll("/", "_") : undefined;
    const { metrics = [] } = await get("/mlflow/metrics/get-history", { run_id: id, metric_key: summary.key, max_results: limit, page_token: token }, signal);
    return { rows: /** @type {Point[]} */ (metrics), total: Number(summary.count) };
  });
  /** @type {import("../parts/grid.js").GridColumn<Point>[]} */
  const columns = useMemo(
    () => [
      { id: "step", title: "Step", width: 84, number: true, cell: (one) => Number(one.step ?? 0).toLocaleString("en") },
      { id: "value", title: "Value", width: 150, number: true, cell: (one) => html`<span title=${String(one.value)}>${value(one.value)}</span>` },
      { id: "after", title: "After", label: "Since the run started", width: 90, number: true, cell: (one) => duration(Number(one.timestamp) - began) },
      { id: "time", title: "Time", width: 160, cell: (one) => when(Number(one.timestamp)) },
      { id: "of", title: "Of", label: "The model and the dataset that it was measured of", width: 160, cell: (one) => html`<span class="cut quiet">${[one.model_id, one.dataset_name].filter(Boolean).join(" · ")}</span>` },
    ],
    [began],
  );
  if (error) return html`<${Trouble} error=${error} />`;
  return html`<section class="card" aria-label=${`Points of ${summary.key}`}>
    <header><h2 class="grow cut" title=${summary.key}>${summary.key}</h2><span class="quiet small">${counted(Number(summary.count), "point")}</span><button type="button" class="plain" aria-label="Close" onClick=${() => change({ points: null })}>×</button></header>
    <${Grid} label=${`Points of ${summary.key}`} columns=${columns} total=${total ?? Math.min(Number(summary.count), 40)} row=${row} want=${want} height=${`${Math.min(62, Math.max(6, (total ?? 20) * 4))}vh`} />
  </section>`;
}
