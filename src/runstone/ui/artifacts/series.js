/** Images that were logged under a key, over steps (`log_image(image, key="val", step=10)`): which there are, a slider, the picture at a step. */

import { html, useState } from "../ground/html.js";
import { change, place } from "../ground/route.js";
import { fileAddress } from "./place.js";

/** @typedef {{path: string, step: number, time: number}} Picture */
/** @typedef {{key: string, pictures: Picture[]}} ImageSeries */

// Ours and MLflow's: key, step and time stand in the name, apart by + (older ones by %); a small copy lies beside each.
const NAMED = /^images\/(.+?)([+%])step\2(-?\d+)\2timestamp\2(\d+)\2[^/]*?(\+compressed|%compressed)?\.(png|webp|jpe?g)$/;

/**
 * The series among some files, by key; the pictures by step, of one step the latest alone.
 * @param {{path: string}[]} files
 * @returns {ImageSeries[]}
 */
export function seriesOf(files) {
  /** @type {Map<string, Map<number, Picture>>} */
  const found = new Map();
  for (const { path } of files) {
    const match = NAMED.exec(path);
    if (!match || match[5]) continue;
    const key = match[1].replace(/[~#]/g, "/");
    const pictures = found.get(key) ?? new Map();
    found.set(key, pictures);
    const one = { path, step: Number(match[3]), time: Number(match[4]) };
    if (!(pictures.get(one.step)?.time > one.time)) pictures.set(one.step, one);
  }
  return [...found].map(([key, pictures]) => ({ key, pictures: [...pictures.values()].sort((one, other) => one.step - other.step) }));
}

/** All steps of some series, in order. @param {ImageSeries[]} series */
export const stepsOf = (series) => [...new Set(series.flatMap(({ pictures }) => pictures.map(({ step }) => step)))].sort((one, other) => one - other);

/**
 * The step that is looked at, as its place among all: the last one, whichever that comes to be, until another is chosen. It stands in the address.
 * @param {number[]} steps
 * @returns {{steps: number[], at: number, set: (at: number) => void}}
 */
export function useStep(steps) {
  const [chosen, setChosen] = useState(place.value.query.get("step"));
  const before = chosen === null ? -1 : steps.findLastIndex((step) => step <= Number(chosen));
  return {
    steps, at: chosen === null ? steps.length - 1 : Math.max(0, before),
    set: (at) => {
      const told = at === steps.length - 1 ? null : String(steps[at]);
      setChosen(told);
      change({ step: told });
    },
  };
}

/**
 * A slider over steps.
 * @param {{steps: number[], at: number, set: (at: number) => void}} props
 */
export function Slider({ steps, at, set }) {
  return html`<label class="files-slider">Step <output class="number files-step">${steps[at].toLocaleString("en")}</output>
    <input type="range" class="grow" min="0" max=${steps.length - 1} step="1" value=${at} aria-label="Step" aria-valuetext=${`step ${steps[at]}`} disabled=${steps.length < 2}
      onInput=${(/** @type {any} */ event) => set(Number(event.target.value))} />
  </label>`;
}

/**
 * The picture of a series at a step: that which is asked for, or the last before it.
 * @param {{owner: string, series: ImageSeries, step: number, label?: any}} props
 */
export function At({ owner, series, step, label }) {
  const picture = series.pictures.findLast((one) => one.step <= step) ?? series.pictures[0];
  return html`<figure>
    <img src=${fileAddress(owner, picture.path, { show: true })} alt=${`${series.key} at step ${picture.step}`} loading="lazy" />
    <figcaption class="small"><span class="cut" title=${series.key}>${label ?? series.key}</span> <span class="quiet">step ${picture.step}</span></figcaption>
  </figure>`;
}
