/** What can be done with an axis without a pointer: a part of it chosen by its ends or its categories, its scale, its place. */

import { number } from "../ground/format.js";
import { html } from "../ground/html.js";
import { setLog } from "./query.js";
import { Menu } from "../parts/menu.js";

/** Categories that are listed. */
const MOST = 60;

/**
 * @param {{
 *   column: import("./data.js").Column, scale: import("./scales.js").Scale, brush?: import("./brushes.js").Brush, set: (brush: import("./brushes.js").Brush | null) => void,
 *   axes: import("./data.js").Column[], where: number, setAxes: (axes: import("./data.js").Column[]) => void,
 * }} props
 */
export function AxisMenu({ column, scale, brush, set, axes, where, setAxes }) {
  const [low, high] = [scale.back(0), scale.back(1)];
  const range = brush && "from" in brush ? brush : { from: low, to: high };
  const among = brush && "among" in brush ? brush.among : [];
  /** @param {"from" | "to"} end @param {string} text */
  const setEnd = (end, text) => Number.isFinite(Number(text)) && text.trim() !== "" && set({ ...range, [end]: Number(text) });
  /** @param {number} to */
  const move = (to) => {
    const next = axes.filter((one) => one !== column);
    next.splice(to, 0, column);
    setAxes(next);
  };
  return html`<${Menu} label=${html`<span class="cut">${column.title}</span>`} title=${`Axis ${column.title}`} plain stays right=${where > axes.length / 2}>
    <div class="axis">
      ${column.kinds
        ? html`<div class="scroll" role="group" aria-label="Categories">${column.kinds.slice(0, MOST).map(
            (kind) => html`<label key=${kind} class="row"><input type="checkbox" checked=${among.includes(kind)} onChange=${() => {
              const next = among.includes(kind) ? among.filter((one) => one !== kind) : [...among, kind];
              set(next.length > 0 ? { among: next } : null);
            }} /> <span class="cut" title=${kind}>${kind || '""'}</span></label>`,
          )}</div>`
        : html`<label class="field">from <input type="text" inputmode="decimal" aria-label=${`${column.title} from`} value=${brush ? String(range.from) : ""} placeholder=${number(low)} onChange=${(/** @type {any} */ event) => setEnd("from", event.target.value)} /></label>
          <label class="field">to <input type="text" inputmode="decimal" aria-label=${`${column.title} to`} value=${brush ? String(range.to) : ""} placeholder=${number(high)} onChange=${(/** @type {any} */ event) => setEnd("to", event.target.value)} /></label>`}
      ${brush && html`<button type="button" onClick=${() => set(null)}>All of it</button>`}
      <hr />
      ${scale.can && html`<button type="button" aria-pressed=${scale.log} onClick=${() => setLog(column.id, !scale.log)}>Logarithmic</button>`}
      <button type="button" disabled=${where === 0} onClick=${() => move(where - 1)}>Move left</button>
      <button type="button" disabled=${where === axes.length - 1} onClick=${() => move(where + 1)}>Move right</button>
      <button type="button" onClick=${() => setAxes(axes.filter((one) => one !== column))}>Take away</button>
    </div>
  <//>`;
}
