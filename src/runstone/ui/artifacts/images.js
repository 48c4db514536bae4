/** The images of a run that were logged under keys, with a slider through their steps; beside other runs, where one wants that. */

import { html, useState } from "../ground/html.js";
import { Gallery } from "./gallery.js";
import { At, Slider, stepsOf } from "./series.js";

/**
 * A run's series beside each other, or those of other runs of its experiment below each other.
 * @param {{owner: string, series: import("./series.js").ImageSeries[]}} props
 */
export function Images({ owner, series }) {
  const steps = stepsOf(series);
  const [chosen, setChosen] = useState(/** @type {number | null} */ (null));
  const [others, setOthers] = useState(false);
  const at = Math.min(chosen ?? steps.length, steps.length - 1);
  return html`<article class="card">
    <header class="wrap">
      <h2 class="grow">Images <span class="quiet small">${series.length}</span></h2>
      ${!others && html`<${Slider} steps=${steps} at=${at} set=${setChosen} />`}
      ${!owner.startsWith("m-") && html`<button type="button" aria-pressed=${others} onClick=${() => setOthers(!others)}>Beside other runs</button>`}
    </header>
    ${others
      ? html`<${Gallery} beside=${owner} />`
      : html`<div class="inside files-images">${series.map((one) => html`<${At} key=${one.key} owner=${owner} series=${one} step=${steps[at]} />`)}</div>`}
  </article>`;
}
