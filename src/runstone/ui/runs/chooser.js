/** Which columns a table shows: all keys there are, found by typing; of metrics, which of their values. */

import { html, useMemo, useState } from "../ground/html.js";
import { SHOWS, written } from "./columns.js";

const MOST = 200;

/**
 * @param {{keys: import("./columns.js").Keys, columns: import("./columns.js").Column[], set: (columns: import("./columns.js").Column[] | null) => void}} props
 */
export function Chooser({ keys, columns, set }) {
  const [text, setText] = useState("");
  const shown = new Map(columns.map((column) => [written(column), column]));
  const found = useMemo(() => {
    const wanted = text.toLowerCase();
    /** @param {"metric" | "param" | "tag"} kind @param {import("./columns.js").Key[]} list */
    const some = (kind, list) => list.filter(({ key }) => key.toLowerCase().includes(wanted)).map(({ key, runs }) => ({ kind, key, runs }));
    return [["Metrics", some("metric", keys.metrics)], ["Params", some("param", keys.params)], ["Tags", some("tag", keys.tags)]];
  }, [text, keys]);
  /** @param {import("./columns.js").Column} column */
  const toggle = (column) => {
    const one = written(column);
    set(shown.has(one) ? columns.filter((other) => written(other) !== one) : [...columns, column]);
  };
  return html`<div class="chooser">
    <input type="search" placeholder="Find a column" aria-label="Find a column" value=${text} autofocus onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    <div class="scroll">
      ${/** @type {any[]} */ (found).map(
        ([title, list]) => list.length > 0 && html`<section aria-label=${title}>
          <h3 class="small quiet">${title} <span>${list.length}</span></h3>
          ${list.slice(0, MOST).map(
            (/** @type {any} */ one) => html`<div key=${one.kind + one.key} class="row">
              <label class="grow cut" title=${one.key}>
                <input type="checkbox" checked=${shown.has(written({ ...one, show: "last" }))} onChange=${() => toggle({ kind: one.kind, key: one.key, show: "last" })} />
                <span class="cut">${one.key}</span>
              </label>
              ${one.kind === "metric" && SHOWS.slice(1, 3).map(
                (show) => html`<button type="button" class="plain small" aria-pressed=${shown.has(written({ ...one, show }))} onClick=${() => toggle({ kind: one.kind, key: one.key, show })}>${show}</button>`,
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
