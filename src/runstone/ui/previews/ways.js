/** How a file is shown, where there are several ways: as what it means, as its source. */

import { html } from "../ground/html.js";

/** @param {{ways: string[], way: string, choose: (way: string) => void, children?: any}} props */
export function Ways({ ways, way, choose, children }) {
  return html`<div class="inside row wrap files-choice">
    <span class="buttons" role="group" aria-label="How it is shown">
      ${ways.map((one) => html`<button key=${one} type="button" aria-pressed=${one === way} onClick=${() => choose(one)}>${one}</button>`)}
    </span>
    ${children}
  </div>`;
}
