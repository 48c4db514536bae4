/** Which metrics one chart draws over each other: a list to choose from, those that are alike first. */

import { html, useMemo, useState } from "../ground/html.js";
import { alike, MOST } from "./combine.js";
import { fits } from "./sections.js";

/** Where there is a keyboard it is typed at once; on a phone it would cover the list. */
const typing = window.matchMedia("(hover: hover)");
/** Metrics that are listed; more are found by typing. */
const LISTED = 60;

/** @param {{metrics: string[], all: () => string[], share: (before: string[], after: string[]) => void}} props */
export function Over({ metrics, all, share }) {
  const [text, setText] = useState("");
  // What is chosen stays where it is in the list while the list is there.
  const offered = useMemo(() => [...metrics, ...alike(metrics[0], all().filter((key) => !metrics.includes(key)))], []);
  const found = offered.filter(fits(text));
  const full = metrics.length >= MOST;
  const more = found.filter((key) => !metrics.includes(key)).slice(0, MOST - metrics.length);
  /** @param {string} key */
  const row = (key) => {
    const there = metrics.includes(key);
    return html`<label key=${key} class="row" title=${key}><input type="checkbox" checked=${there} disabled=${there ? metrics.length === 1 : full} onChange=${() => share(metrics, there ? metrics.filter((one) => one !== key) : [...metrics, key])} /><span class="cut">${key}</span></label>`;
  };
  return html`<div class="chooser" role="group" aria-label=${`Metrics that are drawn with ${metrics[0]}`}>
    <input type="search" autofocus=${typing.matches} placeholder="Find metrics to draw here" aria-label="Find metrics (a regular expression)" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    <div class="scroll">
      ${found.slice(0, LISTED).map(row)}
      ${found.length > LISTED && html`<p class="small quiet">and ${(found.length - LISTED).toLocaleString("en")} more</p>`}
    </div>
    ${text !== "" && more.length > 1 && html`<button type="button" onClick=${() => share(metrics, [...metrics, ...more])}>Draw the first ${more.length}</button>`}
    ${full && html`<p class="small quiet">A chart has up to ${MOST} metrics.</p>`}
  </div>`;
}
