/** What an experiment is about, above its runs: folded until one wants it, for the runs are what one came for. */

import { html } from "../ground/html.js";
import { Markdown } from "../parts/markdown.js";

/** @param {{tags?: {key: string, value: string}[]}} props its tags: the description is MLflow's, mlflow.note.content */
export function Description({ tags = [] }) {
  const note = tags.find(({ key }) => key === "mlflow.note.content")?.value;
  return note && html`<details class="about"><summary>Description</summary><div class="card inside-card" tabindex="0" role="region" aria-label="Description"><${Markdown} text=${note} /></div></details>`;
}
