/** The images of a run that were logged under keys, with a slider through their steps; beside other runs, where one wants that. */

import { html } from "../ground/html.js";
import { change, place } from "../ground/route.js";
import { Gallery } from "./gallery.js";
import { At, Slider, stepsOf, useStep } from "./series.js";

/**
 * A run's series beside each other, or those of other runs of its experiment below each other.
 * @param {{owner: string, series: import("./series.js").ImageSeries[]}} props
 */
export function Images({ owner, series }) {
  const steps = stepsOf(series);
  const slider = useStep(steps);
  const others = place.value.query.has("beside");
  return html`<article class="card">
    <header class="wrap">
      <h2 class="grow">Images <span class="quiet small">${series.length}</span></h2>
      ${!others && html`<${Slider} ...${slider} />`}
      ${!owner.startsWith("m-") && html`<button type="button" aria-pressed=${others} onClick=${() => change({ beside: others ? null : 1 })}>Beside other runs</button>`}
    </header>
    ${others
      ? html`<${Gallery} beside=${owner} />`
      : html`<div class="inside files-images">${series.map((one) => html`<${At} key=${one.key} owner=${owner} series=${one} step=${steps[slider.at]} />`)}</div>`}
  </article>`;
}
