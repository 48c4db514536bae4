/** What stands where there is nothing yet, nothing at all, or an error: the same everywhere. */

import { Refused, signedOut } from "../ground/api.js";
import { html } from "../ground/html.js";
import { spelled } from "../ground/keys.js";
import { Code } from "./code.js";

/**
 * The bones of what is being loaded, of the height that it will have.
 * @param {{rows?: number, height?: number, label?: string}} props
 */
export function Skeleton({ rows = 6, height = 18, label = "Loading" }) {
  const bones = Array.from({ length: rows }, (_, at) => html`<span class="bone" style=${{ height: `${height}px`, width: `${92 - ((at * 17) % 41)}%` }} />`);
  return html`<div class="column" role="status" aria-label=${label}>${bones}</div>`;
}

/** The bones of charts. */
export const ChartBones = () => html`<div class="charts waiting" role="status" aria-label="Loading">${[1, 2, 3, 4].map((one) => html`<span key=${one} class="bone card" />`)}</div>`;

/**
 * An error in the server's own words, and what can be done.
 * @param {{error: Error, again?: () => void}} props
 */
export function Trouble({ error, again }) {
  const gone = error instanceof Refused && error.status === 404;
  return html`<div class="note bad row wrap" role="alert">
    <span class="grow" style=${{ whiteSpace: "pre-wrap" }}>${error.message}</span>
    ${gone && html`<span class="small">It may be deleted, or of another store. <kbd>${spelled("mod+k")}</kbd> finds things by their names.</span>`}
    ${signedOut(error) && html`<button type="button" onClick=${() => window.location.reload()}>Load the page anew</button>`}
    ${!gone && !signedOut(error) && again && html`<button type="button" onClick=${again}>Try again</button>`}
  </div>`;
}

/**
 * Nothing is here: what it would be, and the code that makes it.
 * @param {{title: string, children?: any, code?: string}} props
 */
export function Empty({ title, children, code }) {
  return html`<section class="empty">
    <h2>${title}</h2>
    ${children && html`<p class="quiet">${children}</p>`}
    ${code && html`<${Code} text=${code} />`}
  </section>`;
}
