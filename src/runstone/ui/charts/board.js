/** All charts of some runs: there without being configured, grouped by the part of a metric's name before the first "/". */

import { html, useEffect, useMemo, useState } from "../ground/html.js";
import { kept } from "../ground/kept.js";
import { Empty } from "../parts/states.js";
import { Panel } from "./panel.js";

const closed = kept("closed-sections", /** @type {string[]} */ ([]));

/** @param {string[]} keys @returns {[string, string[]][]} */
export function sections(keys) {
  /** @type {Map<string, string[]>} */
  const found = new Map();
  for (const key of keys) {
    const at = key.indexOf("/");
    const group = at > 0 ? key.slice(0, at) : "";
    found.set(group, [...(found.get(group) ?? []), key]);
  }
  return [...found].sort(([one], [other]) => Number(one === "system") - Number(other === "system") || one.localeCompare(other));
}

/**
 * @param {{runs: import("./panel.js").Drawn[], keys: string[], look: import("./panel.js").Look, set: (changes: Partial<import("./panel.js").Look>) => void, turn?: number}} props
 *   turn: a number that rises when there are new points
 */
export function Board({ runs, keys, look, set, turn = 0 }) {
  const [text, setText] = useState("");
  const [smoothing, setSmoothing] = useState(look.smoothing);
  useEffect(() => setSmoothing(look.smoothing), [look.smoothing]);
  const found = useMemo(() => {
    let fits = (/** @type {string} */ key) => key.toLowerCase().includes(text.toLowerCase());
    try {
      const pattern = new RegExp(text, "i");
      fits = (key) => pattern.test(key);
    } catch {
      // no pattern yet: a part of the name
    }
    return sections(keys.filter(fits));
  }, [keys, text]);
  const zoomed = look.start !== null;
  /** @param {number | null} start @param {number | null} end */
  const zoom = (start, end) => set({ start, end });
  if (keys.length === 0) return html`<${Empty} title="No metrics yet" code=${'runstone.log_metric("loss", 0.5, step=1)'}>Charts appear here with the first point.<//>`;
  return html`<div class="column">
    <div class="row wrap" role="toolbar" aria-label="Charts">
      <input type="search" placeholder="Find charts" aria-label="Find charts (a regular expression)" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
      <label>x <select aria-label="x axis" value=${look.x} onChange=${(/** @type {any} */ event) => set({ x: event.target.value, start: null, end: null })}>
        <option value="step">step</option><option value="relative">relative time</option><option value="time">time</option>
        ${keys.slice(0, 200).map((key) => html`<option value=${`metric:${key}`}>${key}</option>`)}
      </select></label>
      <label>smoothing <input type="range" min="0" max="0.99" step="0.01" value=${smoothing} onInput=${(/** @type {any} */ event) => setSmoothing(Number(event.target.value))} onChange=${(/** @type {any} */ event) => set({ smoothing: Number(event.target.value) })} /> <span class="number small quiet">${smoothing.toFixed(2)}</span></label>
      <span class="buttons">
        <button type="button" aria-pressed=${look.logX} onClick=${() => set({ logX: !look.logX })}>log x</button>
        <button type="button" aria-pressed=${look.logY} onClick=${() => set({ logY: !look.logY })}>log y</button>
        <button type="button" aria-pressed=${look.clip} onClick=${() => set({ clip: !look.clip })}>clip outliers</button>
      </span>
      ${zoomed && html`<button type="button" onClick=${() => zoom(null, null)}>Show all</button>`}
    </div>
    ${found.map(
      ([group, some]) => html`<section key=${group} aria-label=${group || "Charts"}>
        ${(found.length > 1 || group) && html`<h2 class="section"><button type="button" class="plain" aria-expanded=${!closed.value.includes(group)} onClick=${() => (closed.value = closed.value.includes(group) ? closed.value.filter((one) => one !== group) : [...closed.value, group])}>
          ${closed.value.includes(group) ? "▸" : "▾"} ${group || "other"} <span class="quiet small">${some.length}</span></button></h2>`}
        ${!closed.value.includes(group) && html`<div class="charts">
          ${some.map((key) => html`<figure key=${key} class="card"><figcaption class="cut" title=${key}>${key}</figcaption><${Panel} metric=${key} runs=${runs} look=${look} sync="board" zoom=${zoom} turn=${turn} /></figure>`)}
        </div>`}
      </section>`,
    )}
  </div>`;
}
