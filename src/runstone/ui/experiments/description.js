/** What an experiment is about, above its runs: folded until one wants it, for the runs are what one came for. */

import { html } from "../ground/html.js";
import { Markdown } from "../parts/markdown.js";

/** The description is MLflow's. @param {{tags?: {key: string, value: string}[]} | undefined} experiment */
export const described = (experiment) => experiment?.tags?.find(({ key }) => key === "mlflow.note.content")?.value ?? "";

/** What unfolds it: in the row of the name, so that nothing moves when the answer comes. @param {{open: boolean, turn: () => void}} props */
export const Unfold = ({ open, turn }) => html`<button type="button" class="plain about" aria-expanded=${open} onClick=${turn}><span aria-hidden="true">${open ? "▾" : "▸"}</span> About</button>`;

/** @param {{text: string}} props */
export const Description = ({ text }) => html`<div class="card inside-card described" tabindex="0" role="region" aria-label="About"><${Markdown} text=${text} /></div>`;
