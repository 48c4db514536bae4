/** How a column is spread in each group of another: medians, quarters, and what lies beyond. */

import { shade } from "../ground/colours.js";
import { counted, number } from "../ground/format.js";
import { html, useMemo, useState } from "../ground/html.js";
import { Plane } from "./plane.js";
import { categories } from "./scales.js";

/** Groups: categories beyond them are put together; values that are numbers are cut into so many equal parts. */
const MOST = 16;
const PARTS = 6;

/** @typedef {{name: string, count: number, values: number[], low: number, first: number, middle: number, third: number, high: number}} Box */

/** A part of sorted values. @param {number[]} sorted @param {number} part */
function quantile(sorted, part) {
  const place = (sorted.length - 1) * part;
  const at = Math.floor(place);
  return sorted[at] + (place - at) * ((sorted[at + 1] ?? sorted[at]) - sorted[at]);
}

/**
 * @param {import("./data.js").Column} by
 * @param {import("./data.js").Column} of
 * @param {Uint8Array} fits
 * @returns {Box[]}
 */
export function boxes(by, of, fits) {
  const there = [];
  for (let run = 0; run < fits.length; run += 1) if (fits[run] && !Number.isNaN(by.numbers[run]) && !Number.isNaN(of.numbers[run])) there.push(run);
  const name = grouping(by, there);
  /** @type {Map<string, number[]>} */
  const groups = new Map();
  for (const run of there.sort((one, other) => by.numbers[one] - by.numbers[other])) {
    const one = name(by.numbers[run]);
    const list = groups.get(one);
    if (list) list.push(of.numbers[run]);
    else groups.set(one, [of.numbers[run]]);
  }
  return [...groups].map(([title, values]) => {
    values.sort((one, other) => one - other);
    const [first, middle, third] = [0.25, 0.5, 0.75].map((part) => quantile(values, part));
    const reach = 1.5 * (third - first);
    const within = values.filter((value) => value >= first - reach && value <= third + reach);
    return { name: title, count: values.length, values, low: within[0], first, middle, third, high: within[within.length - 1] };
  });
}

/** @param {import("./data.js").Column} by @param {number[]} there @returns {(value: number) => string} */
function grouping(by, there) {
  const { kinds } = by;
  if (kinds) return (value) => (kinds.length <= MOST || value < MOST - 1 ? kinds[value] : "others");
  const distinct = new Set(there.map((run) => by.numbers[run]));
  if (distinct.size <= MOST) return number;
  const sorted = there.map((run) => by.numbers[run]).sort((one, other) => one - other);
  const edges = Array.from({ length: PARTS + 1 }, (_, at) => quantile(sorted, at / PARTS));
  return (value) => {
    const above = edges.findIndex((edge) => edge > value);
    const at = above < 0 ? PARTS - 1 : Math.max(0, above - 1);
    return `${number(edges[at])} to ${number(edges[at + 1])}`;
  };
}

/** @param {Box} one */
const said = (one) => `${one.name}: median ${number(one.middle)}, half between ${number(one.first)} and ${number(one.third)}, ${counted(one.count, "run")}`;

/** @param {import("./pictures.js").Picture} props */
export function Boxes({ x, y, scales, fits }) {
  const [at, setAt] = useState(-1);
  const found = useMemo(() => boxes(x, y, fits), [x, y, fits]);
  const across = useMemo(() => categories(found.map((one) => one.name)), [found]);
  const up = /** @type {import("./scales.js").Scale} */ (scales.get(y.id));
  /** @param {CanvasRenderingContext2D} context @param {import("./plane.js").Places} places */
  const draw = (context, places) => {
    const half = Math.min(34, (places.field.width / Math.max(1, found.length)) * 0.32);
    const [ink, soft, quiet] = [shade("--accent"), shade("--chosen"), shade("--quiet")];
    found.forEach((one, place) => {
      const middle = places.across(across.of(place));
      /** @param {number} value */
      const high = (value) => places.up(up.of(value));
      context.strokeStyle = quiet;
      context.beginPath();
      for (const [from, to] of [[one.third, one.high], [one.first, one.low]]) {
        context.moveTo(middle, high(from));
        context.lineTo(middle, high(to));
        context.moveTo(middle - half / 2, high(to));
        context.lineTo(middle + half / 2, high(to));
      }
      context.stroke();
      context.fillStyle = soft;
      context.strokeStyle = ink;
      context.fillRect(middle - half, high(one.third), 2 * half, high(one.first) - high(one.third));
      context.strokeRect(middle - half, high(one.third), 2 * half, high(one.first) - high(one.third));
      context.lineWidth = 2.5;
      context.beginPath();
      context.moveTo(middle - half, high(one.middle));
      context.lineTo(middle + half, high(one.middle));
      context.stroke();
      context.lineWidth = 1;
      context.fillStyle = quiet;
      context.globalAlpha = 0.6;
      for (const value of one.values) {
        if (value >= one.low && value <= one.high) continue;
        context.beginPath();
        context.arc(middle, high(value), 2, 0, 7);
        context.fill();
      }
      context.globalAlpha = 1;
    });
  };
  /** @param {number} px @param {number} _ @param {import("./plane.js").Places} places */
  const hover = (px, _, places) => setAt(found.length === 0 || px < places.field.x || px > places.field.x + places.field.width ? -1 : Math.min(found.length - 1, Math.floor(((px - places.field.x) / places.field.width) * found.length)));
  return html`<${Plane} x=${across} y=${up} titles=${[x.title, y.title]} label=${`${y.title} by ${x.title}. ${found.map(said).join("; ")}`} deps=${[found, up]} draw=${draw} hover=${hover} />
    <p class="small quiet said cut">${found[at] ? said(found[at]) : "A box holds the middle half of the runs, its line is the median, points are beyond 1.5 times the box."}</p>`;
}
