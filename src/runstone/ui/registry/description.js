/** A description as its writer meant it. */

import { html } from "../ground/html.js";
import { Markdown } from "../parts/markdown.js";

/** @param {{text?: string}} props */
export function Description({ text }) {
  return text ? html`<div class="written"><${Markdown} text=${text} /></div>` : html`<p class="quiet">Nobody has described it.</p>`;
}
