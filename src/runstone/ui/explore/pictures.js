/** Two columns, seen in one of four ways. */

import { html } from "../ground/html.js";
import { change } from "../ground/route.js";
import { Boxes } from "./boxes.js";
import { Heat } from "./heat.js";
import { Scatter } from "./scatter.js";
import { setLog } from "./query.js";
import { useCalm } from "./surface.js";

/**
 * @typedef {{
 *   x: import("./data.js").Column, y: import("./data.js").Column, z: import("./data.js").Column, scales: Map<string, import("./scales.js").Scale>, ink: import("./ink.js").Ink,
 *   fits: Uint8Array, sweep: import("./data.js").Sweep, at: number, setAt: (run: number) => void, open: (run: number) => void,
 *   brush: (brushes: Record<string, import("./brushes.js").Brush | null>) => void,
 * }} Picture z: what is told by colour; at: the run that the pointer is at, or -1
 */

export const PLOTS = ["scatter", "box", "heat map", "contour"];

/** @param {Omit<Picture, "x" | "y"> & {columns: import("./data.js").Column[], plot: string, over: string | null, up: string | null, first: import("./data.js").Column[]}} props first: the columns that tell most */
export function Pictures({ columns, plot, over, up, first, ...rest }) {
  const { z } = rest;
  const flat = plot === "heat map" || plot === "contour";
  const x = columns.find(({ id }) => id === over) ?? first[0] ?? columns[0];
  const y = columns.find(({ id }) => id === up) ?? (flat ? (first.find((one) => one !== x) ?? z) : z);
  // Boxes are of numbers.
  const high = plot === "box" && y.kinds ? z : y;
  const calm = useCalm(rest.fits);
  // Of other runs there may be more, or fewer, already.
  const one = { ...rest, x, y: high, fits: calm.length === rest.fits.length ? calm : rest.fits };
  /** @param {string} name @param {import("./data.js").Column} column */
  const log = (name, column) => {
    const scale = /** @type {import("./scales.js").Scale} */ (rest.scales.get(column.id));
    return html`<button type="button" aria-pressed=${scale.log} disabled=${!scale.can} title=${scale.can ? undefined : "Only numbers above zero can lie on a logarithmic axis"} onClick=${() => setLog(column.id, !scale.log)}>log ${name}</button>`;
  };
  /** @param {string} label @param {string} id @param {string} name @param {boolean} [numbers] */
  const chooser = (label, id, name, numbers = false) => html`<label>${label} <select aria-label=${`${label} axis`} value=${id} onChange=${(/** @type {any} */ event) => change({ [name]: event.target.value })}>
    ${columns.filter((column) => !numbers || !column.kinds).map((column) => html`<option value=${column.id}>${column.title}</option>`)}</select></label>`;
  return html`<section class="card" aria-label="Two columns">
    <header class="wrap">
      <span class="buttons" role="group" aria-label="Picture">${PLOTS.map((name) => html`<button type="button" aria-pressed=${plot === name} onClick=${() => change({ plot: name === "scatter" ? null : name })}>${name}</button>`)}</span>
      ${chooser("x", x.id, "px")} ${chooser("y", high.id, "py", plot === "box")}
      <span class="buttons" role="group" aria-label="Axes">${plot !== "box" && log("x", x)}${log("y", high)}</span>
    </header>
    <div class="inside">
      ${plot === "box" ? html`<${Boxes} ...${one} />` : flat ? html`<${Heat} ...${one} contour=${plot === "contour"} />` : html`<${Scatter} ...${one} />`}
    </div>
  </section>`;
}
