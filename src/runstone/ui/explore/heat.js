/** The mean of a metric over two columns: in cells, or smoothed, with lines of the same height. */

import { shade } from "../ground/colours.js";
import { counted, number } from "../ground/format.js";
import { html, useMemo, useState } from "../ground/html.js";
import { few } from "./data.js";
import { levels, meshed, smooth } from "./mesh.js";
import { SHADES, shades } from "./ink.js";
import { told } from "./parallel.js";
import { Plane } from "./plane.js";
import { categories, reach, scale as scaled } from "./scales.js";

/** Cells along an axis of numbers; of a contour. */
const CELLS = 12;
const FINE = 48;
const LINES = 8;

/** @param {import("./pictures.js").Picture & {contour: boolean}} props */
export function Heat({ x: over, y: under, z, scales, fits, contour }) {
  const [at, setAt] = useState(/** @type {[number, number] | null} */ (null));
  const even = contour && !over.kinds && !under.kinds;
  const [x, y] = useMemo(() => (even ? [over, under] : [few(over, CELLS), few(under, CELLS)]), [even, over, under]);
  const [across, up] = useMemo(() => [x, y].map((column) => (column.kinds ? categories(column.kinds) : /** @type {import("./scales.js").Scale} */ (scales.get(column.id)))), [x, y, scales]);
  const [wide, high] = even ? [FINE, FINE] : [x.kinds?.length ?? CELLS, y.kinds?.length ?? CELLS];
  const mesh = useMemo(() => {
    const found = meshed(x, y, z, across, up, fits, Math.max(1, wide), Math.max(1, high));
    return even ? smooth(found) : found;
  }, [x, y, z, across, up, fits, even]);
  const [low, top] = useMemo(() => reach(Float64Array.from(mesh.means)), [mesh]);
  const tint = useMemo(() => scaled({ ...z, numbers: Float64Array.from(mesh.means) }, scales.get(z.id)?.log), [mesh, z]);
  /** @param {CanvasRenderingContext2D} context @param {import("./plane.js").Places} places */
  const draw = (context, places) => {
    const inks = shades();
    for (let row = 0; row < mesh.high; row += 1) {
      for (let place = 0; place < mesh.wide; place += 1) {
        const value = mesh.means[row * mesh.wide + place];
        if (Number.isNaN(value)) continue;
        context.fillStyle = inks[Math.min(SHADES - 1, Math.max(0, Math.floor(tint.of(value) * SHADES)))];
        const [left, right] = [Math.round(places.across(place / mesh.wide)), Math.round(places.across((place + 1) / mesh.wide))];
        const [above, below] = [Math.round(places.up((row + 1) / mesh.high)), Math.round(places.up(row / mesh.high))];
        const gap = even ? 0 : 1;
        context.fillRect(left, above, right - left - gap, below - above - gap);
      }
    }
    if (!even) return;
    context.strokeStyle = shade("--surface");
    context.lineWidth = 1.2;
    for (const [from, to] of levels(mesh, low, top, LINES)) {
      context.beginPath();
      context.moveTo(places.across(from[0]), places.up(from[1]));
      context.lineTo(places.across(to[0]), places.up(to[1]));
      context.stroke();
    }
    context.fillStyle = shade("--surface");
    for (let run = 0; run < fits.length; run += 1) {
      if (!fits[run] || Number.isNaN(z.numbers[run])) continue;
      context.fillRect(places.across(across.of(x.numbers[run])) - 1, places.up(up.of(y.numbers[run])) - 1, 2, 2);
    }
  };
  /** @param {number} px @param {number} py @param {import("./plane.js").Places} places */
  const hover = (px, py, { field }) => {
    const [column, row] = [Math.floor(((px - field.x) / field.width) * mesh.wide), Math.floor((1 - (py - field.y) / field.height) * mesh.high)];
    setAt(column >= 0 && column < mesh.wide && row >= 0 && row < mesh.high ? [column, row] : null);
  };
  const cell = at ? at[1] * mesh.wide + at[0] : -1;
  /** @param {import("./data.js").Column} column @param {import("./scales.js").Scale} scale @param {number} place @param {number} cells */
  const within = (column, scale, place, cells) => (column.kinds ? column.kinds[place] : even ? number(scale.back((place + 0.5) / cells)) : `${number(scale.back(place / cells))} to ${number(scale.back((place + 1) / cells))}`);
  const said = at && !Number.isNaN(mesh.means[cell])
    ? `${x.title} ${within(x, across, at[0], mesh.wide)} · ${y.title} ${within(y, up, at[1], mesh.high)} · ${z.title} ${number(mesh.means[cell])}${even ? " (smoothed)" : `, the mean of ${counted(mesh.counts[cell], "run")}`}`
    : contour && !even
      ? "A contour wants two axes of numbers: these are the means of each cell."
      : even ? "Smoothed means with lines of the same height; empty where no run is near. Points are runs." : "The mean of each cell; empty cells have no run.";
  return html`<${Plane} x=${across} y=${up} titles=${[x.title, y.title]} label=${`The mean of ${z.title} over ${x.title} and ${y.title}, from ${number(low)} to ${number(top)}${best(mesh, z, x, y, fits)}`} deps=${[mesh, tint]} draw=${draw} hover=${hover} marked=${cell} />
    <p class="small quiet said cut">${said}</p>`;
}

/** For whoever does not see it: where the extremes lie. @param {import("./mesh.js").Mesh} mesh @param {import("./data.js").Column} z @param {import("./data.js").Column} x @param {import("./data.js").Column} y @param {Uint8Array} fits */
function best(mesh, z, x, y, fits) {
  if (!mesh.counts.some((count) => count > 0)) return "";
  let [least, most] = [-1, -1];
  for (let run = 0; run < fits.length; run += 1) {
    if (!fits[run] || Number.isNaN(z.numbers[run])) continue;
    if (least < 0 || z.numbers[run] < z.numbers[least]) least = run;
    if (most < 0 || z.numbers[run] > z.numbers[most]) most = run;
  }
  return least < 0 ? "" : `; least at ${x.title} ${told(x, least)}, ${y.title} ${told(y, least)}; greatest at ${x.title} ${told(x, most)}, ${y.title} ${told(y, most)}`;
}
