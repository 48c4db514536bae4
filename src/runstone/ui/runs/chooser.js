/** Which columns a table shows, and in which order: all keys there are, found by typing; of metrics, which of their values. */

import { html, useMemo, useState } from "../ground/html.js";
import { turnGoal } from "../ground/goals.js";
import { machineLast } from "../ground/system.js";
import { SHOWS, shown as show, written } from "./columns.js";

const MOST = 200;

/**
 * @param {{
 *   keys: import("./columns.js").Keys, columns: import("./columns.js").Column[], pins: string[],
 *   set: (columns: import("./columns.js").Column[] | null) => void, setPins: (pins: string[]) => void,
 * }} props
 */
export function Chooser({ keys, columns, pins, set, setPins }) {
  const [text, setText] = useState("");
  const shown = useMemo(() => new Set(columns.map(written)), [columns]);
  const found = useMemo(() => {
    const wanted = text.toLowerCase();
    /** @param {"metric" | "param" | "tag"} kind @param {import("./columns.js").Key[]} list */
    const some = (kind, list) => list.filter(({ key }) => key.toLowerCase().includes(wanted)).map(({ key, runs }) => ({ kind, key, runs }));
    return [["Metrics", some("metric", [...keys.metrics].sort((one, other) => machineLast(one.key, other.key)))], ["Params", some("param", keys.params)], ["Tags", some("tag", keys.tags)]];
  }, [text, keys]);
  /** @param {import("./columns.js").Column} column */
  const toggle = (column) => {
    const one = written(column);
    set(shown.has(one) ? columns.filter((other) => written(other) !== one) : [...columns, column]);
  };
  return html`<div class="chooser">
    <input type="search" placeholder="Find a column" aria-label="Find a column" value=${text} autofocus onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    <div class="scroll">
      ${!text && columns.length > 0 && html`<${Shown} columns=${columns} pins=${pins} set=${set} setPins=${setPins} />`}
      ${/** @type {any[]} */ (found).map(
        ([title, list]) => list.length > 0 && html`<section key=${title} aria-label=${title}>
          <h3 class="small quiet">${title} <span>${list.length}</span></h3>
          ${list.slice(0, MOST).map(
            (/** @type {any} */ one) => html`<div key=${one.kind + one.key} class="row">
              <label class="grow cut" title=${one.key}>
                <input type="checkbox" checked=${shown.has(written({ ...one, show: "last" }))} onChange=${() => toggle({ kind: one.kind, key: one.key, show: "last" })} />
                <span class="cut">${one.key}</span>
              </label>
              ${one.kind === "metric" && SHOWS.slice(1).map(
                (show) => html`<button type="button" class="plain small" aria-label=${`${show} of ${one.key}`} aria-pressed=${shown.has(written({ ...one, show }))} onClick=${() => toggle({ kind: one.kind, key: one.key, show })}>${show}</button>`,
              )}
            </div>`,
          )}
          ${list.length > MOST && html`<p class="small quiet">${list.length - MOST} more: type to find them.</p>`}
        </section>`,
      )}
    </div>
    <footer class="row"><button type="button" class="plain" onClick=${() => set(null)}>The usual ones</button><button type="button" class="plain" onClick=${() => set([])}>None</button></footer>
  </div>`;
}

/**
 * Those that are shown, in their order: moved by buttons (or by dragging their heads), pinned so that they stay in sight.
 * @param {{columns: import("./columns.js").Column[], pins: string[], set: (columns: import("./columns.js").Column[]) => void, setPins: (pins: string[]) => void}} props
 */
function Shown({ columns, pins, set, setPins }) {
  /** @param {number} at @param {number} by */
  const move = (at, by) => {
    const next = [...columns];
    const [one] = next.splice(at, 1);
    next.splice(at + by, 0, one);
    set(next);
  };
  return html`<section aria-label="Shown">
    <h3 class="small quiet">Shown <span>${columns.length}</span></h3>
    ${columns.map((column, at) => {
      const id = written(column);
      const pinned = pins.includes(id);
      return html`<div key=${id} class="row">
        <span class="grow cut" title=${column.key}>${column.key} ${column.show !== "last" && html`<span class="tag">${show(column)}</span>`}</span>
        ${column.show === "best" && html`<button type="button" class="plain small" title="Which way is better" aria-label=${`Which way ${column.key} is better`} onClick=${() => turnGoal(column.key)}>⇅</button>`}
        <button type="button" class="plain small" aria-pressed=${pinned} aria-label=${`Pin ${column.key}`} onClick=${() => setPins(pinned ? pins.filter((one) => one !== id) : [...pins, id])}>pin</button>
        <button type="button" class="plain small" disabled=${at === 0} aria-label=${`${column.key} further left`} onClick=${() => move(at, -1)}>↑</button>
        <button type="button" class="plain small" disabled=${at === columns.length - 1} aria-label=${`${column.key} further right`} onClick=${() => move(at, 1)}>↓</button>
        <button type="button" class="plain small" aria-label=${`Do not show ${column.key}`} onClick=${() => set(columns.filter((one) => one !== column))}>×</button>
      </div>`;
    })}
  </section>`;
}
