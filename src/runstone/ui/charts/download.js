/** A chart to take away: as a picture, as lines that stay sharp, as every point there is. */

import { get } from "../ground/api.js";
import { bytes } from "../ground/base64.js";
import { shade } from "../ground/colours.js";
import { field } from "../ground/csv.js";
import { save } from "../parts/saving.js";

/** Lines that are named below a picture, and the height of each name in pixels. */
const NAMED = 24;
const LINE = 18;
const TITLE = 30;
/** Length of a line beside its name. */
const SAMPLE = 16;
export const FONT = "system-ui, sans-serif";

/** @param {import("./content.js").Content} content */
const named = ({ traces }) => traces.slice(0, NAMED);

/** Columns of names below a picture. @param {number} width */
const across = (width) => Math.max(1, Math.floor(width / 220));

/** @param {import("uplot")} plot @param {import("./content.js").Content} content @param {string} title */
export async function png(plot, content, title) {
  const ratio = plot.ctx.canvas.width / plot.width;
  const beside = across(plot.width);
  const canvas = document.createElement("canvas");
  canvas.width = plot.ctx.canvas.width;
  canvas.height = plot.ctx.canvas.height + Math.round(ratio * (TITLE + LINE * Math.ceil(named(content).length / beside) + 8));
  const ink = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  ink.fillStyle = shade("--surface");
  ink.fillRect(0, 0, canvas.width, canvas.height);
  ink.drawImage(plot.ctx.canvas, 0, ratio * TITLE);
  ink.scale(ratio, ratio);
  ink.fillStyle = shade("--text");
  ink.font = `600 14px ${FONT}`;
  ink.fillText(title, 10, 20, plot.width - 20);
  ink.font = `12px ${FONT}`;
  named(content).forEach((trace, at) => {
    const left = 10 + (at % beside) * (plot.width / beside);
    const top = TITLE + plot.height + LINE * (Math.floor(at / beside) + 0.7);
    ink.strokeStyle = trace.colour;
    ink.lineWidth = 2;
    ink.setLineDash(trace.dash);
    ink.beginPath();
    ink.moveTo(left, top - 4);
    ink.lineTo(left + SAMPLE, top - 4);
    ink.stroke();
    ink.fillStyle = shade("--text");
    ink.fillText(trace.name, left + SAMPLE + 6, top, plot.width / beside - SAMPLE - 14);
  });
  const blob = await new Promise((done) => canvas.toBlob(done));
  save(/** @type {Blob} */ (blob), `${title}.png`);
}

/** @param {string} text */
export const escaped = (text) => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`).replace(/[^\t\n\r\u0020-\uFFFD]/g, "");

/** @param {number[]} dash */
const dashed = (dash) => (dash.length > 0 ? ` stroke-dasharray="${dash.join(" ")}"` : "");

/** @param {import("uplot")} plot @param {import("./content.js").Content} content @param {string} title */
export function svg(plot, content, title) {
  const { width, height } = plot;
  const inside = { left: plot.over.offsetLeft, top: plot.over.offsetTop, width: plot.over.clientWidth, height: plot.over.clientHeight };
  const beside = across(width);
  /** @param {number} x @param {number} y */
  const at = (x, y) => `${(plot.valToPos(x, "x") + inside.left).toFixed(1)},${(plot.valToPos(y, "y") + inside.top).toFixed(1)}`;
  /** @param {(number | null)[]} values */
  const path = (values) => content.x.flatMap((x, place) => (values[place] === null || values[place] === undefined ? [] : [at(x, /** @type {number} */ (values[place]))]));
  const grid = plot.axes.flatMap((axis, number) => {
    const { _splits: splits = [], _values: texts = [] } = /** @type {any} */ (axis);
    return splits.flatMap((/** @type {number | null} */ split, /** @type {number} */ place) => {
      if (split === null) return [];
      if (number === 0) {
        const x = (plot.valToPos(split, "x") + inside.left).toFixed(1);
        return [`<path d="M${x} ${inside.top}v${inside.height}" stroke="${shade("--grid")}"/><text x="${x}" y="${inside.top + inside.height + 18}" text-anchor="middle">${escaped(String(texts[place] ?? ""))}</text>`];
      }
      const y = plot.valToPos(split, "y") + inside.top;
      return [`<path d="M${inside.left} ${y.toFixed(1)}h${inside.width}" stroke="${shade("--grid")}"/><text x="${inside.left - 8}" y="${(y + 4).toFixed(1)}" text-anchor="end">${escaped(String(texts[place] ?? ""))}</text>`];
    });
  });
  const lines = content.traces.flatMap(({ values, raw, low, high, colour, dash }) => [
    raw ? `<polyline points="${path(raw).join(" ")}" stroke="${colour}" stroke-opacity=".25"/>` : "",
    low && high ? `<polygon points="${[...path(high), ...path(low).reverse()].join(" ")}" fill="${colour}" fill-opacity=".18" stroke="none"/>` : "",
    `<polyline points="${path(values).join(" ")}" stroke="${colour}" stroke-width="1.5"${dashed(dash)}/>`,
  ]);
  const names = named(content).map((trace, place) => {
    const left = 10 + (place % beside) * (width / beside);
    const top = height + LINE * (Math.floor(place / beside) + 0.7);
    return `<path d="M${left} ${top - 4}h${SAMPLE}" stroke="${trace.colour}" stroke-width="2"${dashed(trace.dash)}/><text x="${left + SAMPLE + 6}" y="${top}" fill="${shade("--text")}">${escaped(trace.name)}</text>`;
  });
  const tall = TITLE + height + LINE * Math.ceil(names.length / beside) + 8;
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${tall}" viewBox="0 0 ${width} ${tall}" font-family="system-ui, sans-serif" font-size="11" fill="${shade("--quiet")}">
<rect width="100%" height="100%" fill="${shade("--surface")}"/><text x="10" y="20" font-size="14" font-weight="600" fill="${shade("--text")}">${escaped(title)}</text>
<clipPath id="inside"><rect x="${inside.left}" y="${inside.top}" width="${inside.width}" height="${inside.height}"/></clipPath>
<g transform="translate(0 ${TITLE})">${grid.join("")}<g clip-path="url(#inside)" fill="none" stroke-linejoin="round">${lines.join("\n")}</g>${names.join("")}</g></svg>`;
  save(new Blob([text], { type: "image/svg+xml" }), `${title}.svg`);
}

/**
 * Every point of these runs, as it was logged.
 * @param {import("./content.js").Drawn[]} runs
 * @param {string[]} metrics which one a point is of is told where there are several
 */
export async function csv(runs, metrics) {
  const several = metrics.length > 1;
  const parts = [`run_id,run_name,${several ? "metric," : ""}step,timestamp,value\n`];
  for (const run of runs) {
    for (const metric of metrics) {
      const told = await get("/runstone/points/get", { run_id: run.run_id, key: metric });
      const step = new BigInt64Array(bytes(told.steps));
      const timestamp = new BigInt64Array(bytes(told.timestamps));
      const before = `${run.run_id},${field(run.run_name)},${several ? `${field(metric)},` : ""}`;
      parts.push(Array.from(new Float64Array(bytes(told.values)), (value, at) => `${before}${step[at]},${timestamp[at]},${value}\n`).join(""));
    }
  }
  save(new Blob(parts, { type: "text/csv" }), `${metrics.join(" ")}.csv`);
}
