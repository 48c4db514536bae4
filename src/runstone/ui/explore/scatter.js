/** A point for each run over two columns. Drawing around some chooses them on both axes. */

import { shade } from "../ground/colours.js";
import { html, useMemo } from "../ground/html.js";
import { between } from "./brushes.js";
import { told } from "./parallel.js";
import { Plane } from "./plane.js";
import { inSlices } from "./surface.js";

/** Points that are drawn between two looks at the clock; pixels from which the pointer sees one. */
const TOGETHER = 300;
const NEAR = 10;

/** @param {import("./pictures.js").Picture} props */
export function Scatter({ x, y, scales, ink, fits, sweep, at, setAt, open, brush }) {
  const [over, under] = [/** @type {any} */ (scales.get(x.id)), /** @type {any} */ (scales.get(y.id))];
  const spots = useMemo(() => {
    // Runs of one category would lie on each other: each is moved aside, always by the same.
    const aside = (/** @type {number} */ run, /** @type {import("./data.js").Column} */ column) => (column.kinds ? ((((run * 2654435761) >>> 0) % 1000) / 1000 - 0.5) * (0.6 / column.kinds.length) : 0);
    const count = sweep.ids.length;
    const across = Float32Array.from({ length: count }, (_, run) => over.of(x.numbers[run]) + aside(run, x));
    const up = Float32Array.from({ length: count }, (_, run) => under.of(y.numbers[run]) + aside(run, y));
    return { across, up };
  }, [x, y, over, under, sweep]);
  /** @param {CanvasRenderingContext2D} context @param {import("./plane.js").Places} places */
  const draw = (context, places) => {
    const [none, faint] = [shade("--quiet"), shade("--faint")];
    /** @type {number[]} */
    const runs = [];
    for (const wanted of [0, 1]) for (let run = 0; run < fits.length; run += 1) if (fits[run] === wanted && spots.across[run] === spots.across[run] && spots.up[run] === spots.up[run]) runs.push(run);
    const radius = runs.length > 2_000 ? 2.2 : 3.2;
    return inSlices(Math.ceil(runs.length / TOGETHER), (part) => {
      for (let place = part * TOGETHER; place < Math.min(runs.length, (part + 1) * TOGETHER); place += 1) {
        const run = runs[place];
        context.globalAlpha = fits[run] ? 0.8 : 0.15;
        context.fillStyle = !fits[run] ? faint : ink.of[run] < 0 ? none : ink.tints[ink.of[run]];
        context.beginPath();
        context.arc(places.across(spots.across[run]), places.up(spots.up[run]), radius, 0, 7);
        context.fill();
      }
    });
  };
  /** @param {CanvasRenderingContext2D} context @param {import("./plane.js").Places} places */
  const mark = (context, places) => {
    if (at < 0) return;
    context.strokeStyle = shade("--text");
    context.lineWidth = 2;
    context.beginPath();
    context.arc(places.across(spots.across[at]), places.up(spots.up[at]), 6, 0, 7);
    context.stroke();
    context.lineWidth = 1;
  };
  /** @param {number} px @param {number} py @param {import("./plane.js").Places} places */
  const hover = (px, py, places) => {
    let [found, least] = [-1, NEAR];
    for (let run = 0; run < fits.length; run += 1) {
      if (!fits[run]) continue;
      const away = Math.hypot(places.across(spots.across[run]) - px, places.up(spots.up[run]) - py);
      if (away < least) [found, least] = [run, away];
    }
    setAt(found);
  };
  return html`<${Plane} x=${over} y=${under} titles=${[x.title, y.title]} label=${`${y.title} over ${x.title}, a point for each of ${sweep.ids.length} runs`} deps=${[spots, ink, fits]} draw=${draw}
      mark=${mark} marked=${[at, spots].join()} hover=${hover} click=${() => at >= 0 && open(at)}
      choose=${(/** @type {[number, number]} */ wide, /** @type {[number, number]} */ high) => brush({ [x.id]: between(x, over, ...wide), [y.id]: between(y, under, ...high) })} />
    <p class="small quiet said cut">${at >= 0 ? html`<strong>${sweep.names[at]}</strong> · ${x.title} ${told(x, at)} · ${y.title} ${told(y, at)}` : "Draw around points to choose them; a click opens a run."}</p>`;
}
