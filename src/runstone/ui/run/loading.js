/** Code that loads what a run left, and commands that run it again. */

import { html, useState } from "../ground/html.js";
import { python } from "../ground/quoted.js";
import { here } from "../parts/begin.js";
import { Code } from "../parts/code.js";
import { rerun } from "./command.js";

/** @param {{run: any, models: string[]}} props models: ids of the logged models that the run made */
export function Loading({ run, models }) {
  const [kind, setKind] = useState("runstone");
  const id = run.info.run_id;
  const metric = run.data?.metrics?.[0]?.key;
  const lines = [
    `import ${kind}`, "", `${kind}.set_tracking_uri(${python(here())})`, `run = ${kind}.get_run(${python(id)})`, "run.data.params, run.data.metrics",
    ...(metric ? [`points = ${kind}.MlflowClient().get_metric_history(${python(id)}, ${python(metric)})`] : []),
    `folder = ${kind}.artifacts.download_artifacts(run_id=${python(id)})`,
    ...(models.length > 0 ? [`model = ${kind}.pyfunc.load_model(${python(`models:/${models[0]}`)})`] : []),
  ];
  return html`<section class="card" aria-label="Load it"><header><h2 class="grow">Load it</h2>
    <span class="buttons">${["runstone", "mlflow"].map((one) => html`<button type="button" aria-pressed=${kind === one} onClick=${() => setKind(one)}>${one}</button>`)}</span></header>
    <div class="inside"><${Code} text=${lines.join("\n")} /></div></section>`;
}

/** @param {{run: any, tags: Map<string, string>}} props */
export function Again({ run, tags }) {
  const text = rerun(run.info.run_id, tags, here());
  if (!text) return null;
  const hidden = text.includes("***");
  return html`<section class="card" aria-label="Run it again"><header><h2>Run it again</h2></header><div class="inside column">
    <${Code} text=${text} label="Commands" />
    ${hidden && html`<p class="small quiet">*** stands for what was not recorded: secrets are left out.</p>`}
  </div></section>`;
}
