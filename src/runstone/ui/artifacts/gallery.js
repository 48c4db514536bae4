/** Images of one key over steps and runs: a row for each key, a column for each run, one slider for all. */

import { get, post, useAnswer } from "../ground/api.js";
import { colour } from "../ground/colours.js";
import { html } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { At, seriesOf, Slider, stepsOf, useStep } from "./series.js";

/** @typedef {{run_id: string, name: string, colour?: string}} GalleryRun */

/** Runs that are shown at once. */
const MOST = 12;

/**
 * The run, and the newest others of its experiment that logged images.
 * @param {string} owner
 * @param {AbortSignal} signal
 * @returns {Promise<GalleryRun[]>}
 */
async function neighbours(owner, signal) {
  const { run } = await get("/mlflow/runs/get", { run_id: owner }, signal);
  const { runs = [] } = await post("/mlflow/runs/search", { experiment_ids: [run.info.experiment_id], filter: "tags.`mlflow.loggedImages` = 'True' OR tags.`mlflow.loggedImages` = 'true'", max_results: MOST }, { signal });
  const others = runs.filter((/** @type {any} */ one) => one.info.run_id !== owner).slice(0, MOST - 1);
  return [run, ...others].map((one) => ({ run_id: one.info.run_id, name: one.info.run_name || one.info.run_id, colour: one.data?.tags?.find((/** @type {any} */ tag) => tag.key === "mlflow.runColor")?.value }));
}

/**
 * @param {{runs?: GalleryRun[], beside?: string}} props
 *   runs: whose images; beside: a run, beside which the others of its experiment are shown
 */
export function Gallery({ runs, beside }) {
  const { data, error, again } = useAnswer(["gallery", beside ?? runs?.map(({ run_id }) => run_id)], async (signal) => {
    const shown = beside ? await neighbours(beside, signal) : (runs ?? []).slice(0, MOST);
    return Promise.all(
      shown.map(async (run) => {
        const found = await get("/runstone/artifacts/tree", { run_id: run.run_id, path: "images" }, signal).catch(() => ({ files: [] }));
        return { run, series: seriesOf(found.files ?? []) };
      }),
    );
  });
  const steps = stepsOf(data?.flatMap(({ series }) => series) ?? []);
  const slider = useStep(steps);
  if (error) return html`<div class="inside"><${Trouble} error=${error} again=${again} /></div>`;
  if (!data) return html`<div class="inside"><${Skeleton} rows=${4} height=${80} /></div>`;
  if (steps.length === 0) return html`<p class="inside quiet">None of these runs logged images under a key.</p>`;
  const keys = [...new Set(data.flatMap(({ series }) => series.map(({ key }) => key)))].sort();
  return html`<div class="inside column">
    <div class="row"><${Slider} ...${slider} /></div>
    ${keys.map((key) => html`<section key=${key}>
      <h3>${key}</h3>
      <div class="files-gallery">
        ${data.map(({ run, series }) => {
          const one = series.find((found) => found.key === key);
          return one && html`<${At} key=${run.run_id} owner=${run.run_id} series=${one} step=${steps[slider.at]} label=${html`<span class="dot" style=${{ color: colour(run.run_id, run.colour) }} /> ${run.name}`} />`;
        })}
      </div>
    </section>`)}
  </div>`;
}
