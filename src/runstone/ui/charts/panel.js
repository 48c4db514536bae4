/** One chart: a metric of some runs, drawn by uPlot. Dragging zooms, a double click shows all, the crosshair is that of all charts of a board. */

import uPlot from "uplot";
import { colour, shade } from "../ground/colours.js";
import { number } from "../ground/format.js";
import { html, useEffect, useRef, useState } from "../ground/html.js";
import { dark } from "../ground/kept.js";
import { Skeleton } from "../parts/states.js";
import { chart as fetchChart } from "./data.js";
import { plainRange, smoothed } from "./transform.js";

/**
 * @typedef {{run_id: string, run_name: string, colour?: string, group?: string}} Drawn
 * @typedef {{x: string, logX: boolean, logY: boolean, smoothing: number, clip: boolean, start: number | null, end: number | null}} Look
 */

const HEIGHT = 220;
const LISTED = 12;

/** @param {{metric: string, runs: Drawn[], look: Look, sync: string, zoom: (start: number | null, end: number | null) => void, turn?: number, height?: number}} props */
export function Panel({ metric, runs, look, sync, zoom, turn = 0, height = HEIGHT }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [seen, setSeen] = useState(false);
  const [width, setWidth] = useState(0);
  const [data, setData] = useState(/** @type {import("./data.js").Chart | null | undefined} */ (undefined));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [hover, setHover] = useState(/** @type {{at: number, left: number, top: number} | null} */ (null));

  useEffect(() => {
    const element = /** @type {HTMLDivElement} */ (box.current);
    const sight = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true), { rootMargin: "200px" });
    const size = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    sight.observe(element);
    size.observe(element);
    return () => {
      sight.disconnect();
      size.disconnect();
    };
  }, []);

  const wide = Math.max(100, Math.ceil(width / 100) * 100);
  const asked = { run_ids: runs.map((run) => run.run_id), x: look.x, start: look.start, end: look.end, log: look.logX, means: false, buckets: Math.min(2000, wide) };
  const told = JSON.stringify([asked, metric, turn]);
  useEffect(() => {
    if (!seen || width === 0) return undefined;
    let wanted = true;
    fetchChart(asked, metric).then(
      (found) => wanted && (setData(found), setError(null)),
      (problem) => wanted && setError(problem),
    );
    return () => {
      wanted = false;
    };
  }, [told, seen, width === 0]);

  const plot = useRef(/** @type {uPlot | null} */ (null));
  const canvas = useRef(/** @type {HTMLDivElement | null} */ (null));
  const shown = JSON.stringify([look, dark.value, runs.map((run) => [run.run_id, run.colour])]);
  useEffect(() => {
    if (!data || !canvas.current || width === 0) return undefined;
    const { options, columns } = drawn(data, runs, look, { width, height, sync, zoom, setHover });
    const made = new uPlot(options, columns, canvas.current);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [data, shown, height]);
  useEffect(() => plot.current?.setSize({ width, height }), [width, height]);

  return html`<div class="chart" ref=${box} style=${{ minHeight: `${height}px` }}>
    ${error ? html`<p class="note bad">${error.message}</p>` : data === undefined ? html`<${Skeleton} rows=${4} height=${height / 8} />` : data === null ? html`<p class="quiet small">None of these runs has it.</p>` : null}
    <div ref=${canvas} role="img" aria-label=${`${metric} of ${runs.length} runs`} />
    ${hover && data && html`<${Tip} data=${data} runs=${runs} hover=${hover} width=${width} />`}
  </div>`;
}

/**
 * @param {import("./data.js").Chart} data
 * @param {Drawn[]} runs
 * @param {Look} look
 * @param {{width: number, height: number, sync: string, zoom: (start: number | null, end: number | null) => void, setHover: (hover: any) => void}} how
 */
function drawn(data, runs, look, { width, height, sync, zoom, setHover }) {
  const known = new Map(runs.map((run) => [run.run_id, run]));
  const lines = data.lines.filter((line) => known.has(line.run_id));
  /** @type {any[]} */
  const series = [{}];
  /** @type {any[]} */
  const columns = [data.x];
  const few = data.x.length < 40;
  const smooth = look.smoothing > 0;
  /** @param {import("./data.js").Line} line @param {(number | null)[]} values @param {boolean} ghost */
  const add = (line, values, ghost) => {
    const run = /** @type {Drawn} */ (known.get(line.run_id));
    const stroke = colour(run.run_id, run.colour);
    series.push({ label: run.run_name, stroke: ghost ? `${stroke}40` : stroke, width: ghost ? 1 : 1.5, spanGaps: true, points: { show: few && !ghost, size: 4 } });
    columns.push(values);
  };
  if (smooth) for (const line of lines) add(line, line.values, true);
  const plain = lines.map((line) => smoothed(line.values, look.smoothing));
  lines.forEach((line, at) => add(line, plain[at], false));
  const range = look.clip ? plainRange(plain) : null;
  const axis = { stroke: () => shade("--quiet"), grid: { stroke: () => shade("--grid"), width: 1 }, ticks: { stroke: () => shade("--grid"), width: 1, size: 4 }, font: `11px ${shade("--font")}` };
  const time = look.x === "time";
  /** @type {any} */
  const options = {
    width, height, series, padding: [8, 8, 0, 0],
    legend: { show: false },
    scales: {
      x: { time, distr: look.logX ? 3 : 1, ...(look.start !== null && look.end !== null ? { range: [look.start, look.end] } : {}) },
      y: { distr: look.logY ? 3 : 1, ...(range && !look.logY ? { range } : {}) },
    },
    axes: [
      { ...axis, size: 28, gap: 4, ...(time ? {} : { values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((tick) => (tick === null ? "" : number(tick))) }) },
      { ...axis, size: 52, gap: 4, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((tick) => (tick === null ? "" : number(tick))) },
    ],
    cursor: { sync: { key: sync, setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { show: false }, focus: { prox: 24 } },
    focus: { alpha: 0.25 },
    hooks: {
      setSelect: [
        (/** @type {uPlot} */ self) => {
          if (self.select.width < 4) return;
          zoom(self.posToVal(self.select.left, "x"), self.posToVal(self.select.left + self.select.width, "x"));
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setCursor: [
        (/** @type {uPlot} */ self) => {
          const { idx, left, top, event } = /** @type {any} */ (self.cursor);
          // The others' crosshairs follow, their lists do not open.
          setHover(idx === null || idx === undefined || left < 0 || !event ? null : { at: idx, left, top });
        },
      ],
      ready: [(/** @type {uPlot} */ self) => self.over.addEventListener("dblclick", () => zoom(null, null))],
    },
  };
  return { options, columns };
}

/** The values at the crosshair, the greatest first. @param {{data: import("./data.js").Chart, runs: Drawn[], hover: {at: number, left: number, top: number}, width: number}} props */
function Tip({ data, runs, hover, width }) {
  const known = new Map(runs.map((run) => [run.run_id, run]));
  const rows = data.lines
    .map((line) => ({ run: known.get(line.run_id), value: line.values[hover.at] }))
    .filter((one) => one.run && one.value !== null && one.value !== undefined)
    .sort((one, other) => /** @type {number} */ (other.value) - /** @type {number} */ (one.value));
  if (rows.length === 0) return null;
  const right = hover.left > width / 2;
  return html`<div class="tip" style=${{ top: "8px", [right ? "left" : "right"]: right ? "60px" : "8px" }}>
    <p class="small quiet">${number(data.x[hover.at])}${!data.exact && " (a part)"}</p>
    ${rows.slice(0, LISTED).map(
      ({ run, value }) => html`<p key=${run?.run_id} class="row small"><span class="dot" style=${{ color: colour(run?.run_id ?? "", run?.colour) }} /><span class="cut grow">${run?.run_name}</span><span class="number">${number(value)}</span></p>`,
    )}
    ${rows.length > LISTED && html`<p class="small quiet">${rows.length - LISTED} more</p>`}
  </div>`;
}
