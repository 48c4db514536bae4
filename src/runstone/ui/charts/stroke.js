/** A piece of a line as it is drawn, beside its name. */

import { html } from "../ground/html.js";

/** @param {{colour: string, dash: number[], line?: boolean}} props line: others beside it are dashed */
export const Stroke = ({ colour, dash, line }) =>
  dash.length === 0 && !line
    ? html`<span class="dot" style=${{ color: colour }} />`
    : html`<svg class="stroke" width="18" height="8" aria-hidden="true"><line x1="0" x2="18" y1="4" y2="4" stroke=${colour} stroke-width="2" stroke-dasharray=${dash.join(" ") || undefined} /></svg>`;
