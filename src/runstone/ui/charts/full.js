/** One chart, large: with a legend, all points as a table, and what can be taken away. */

import { get, useAnswer } from "../ground/api.js";
import { bytes } from "../ground/base64.js";
import { counted, number, when } from "../ground/format.js";
import { html, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { Above } from "../parts/dialog.js";
import { Grid } from "../parts/grid.js";
import { Menu } from "../parts/menu.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { tried } from "../parts/toasts.js";
import { colour } from "../ground/colours.js";
import { barsPng, barsSvg } from "./barpicture.js";
import { csv, png, svg } from "./download.js";
import { toggled } from "./layout.js";
import { Over } from "./over.js";
import { Panel } from "./panel.js";
import { Stroke } from "./stroke.js";
import { Toolbar } from "./toolbar.js";

/** @param {{metrics: string[], share: (before: string[], after: string[]) => void, keys: string[], panel: any, set: (changes: any) => void, close: () => void}} props */
export function Full({ metrics, share, keys, panel, set, close }) {
  const name = metrics.join(", ");
  const shown = useRef(/** @type {import("./panel.js").Shown | null} */ (null));
  const [drawn, setDrawn] = useState(/** @type {import("./content.js").Content | null} */ (null));
  const [off, setOff] = useState(/** @type {string[]} */ ([]));
  const [points, setPoints] = useState("");
  const [of, setOf] = useState("");
  const pointed = metrics.includes(of) ? of : metrics[0];
  const runs = /** @type {import("./content.js").Drawn[]} */ (panel.runs);
  const seen = useMemo(() => runs.filter((run) => !off.includes(run.run_id)), [runs, off]);
  const keep = useMemo(() => (/** @type {import("./panel.js").Shown | null} */ what) => {
    shown.current = what;
    setDrawn(what?.content ?? null);
  }, []);
  /** @param {typeof png | typeof svg} lines @param {typeof barsPng | typeof barsSvg} bars */
  const take = (lines, bars) => () => {
    const { plot, content } = shown.current ?? {};
    if (content) tried(async () => (plot ? lines(plot, content, name) : bars(content, name)));
  };
  const [height, setHeight] = useState(room());
  useEffect(() => {
    const again = () => setHeight(room());
    window.addEventListener("resize", again);
    return () => window.removeEventListener("resize", again);
  }, []);
  return html`<${Above} label=${name} close=${close} wide><div class="inside full">
    <header class="row wrap">
      <h2 class="cut grow" title=${name}>${name}</h2>
      ${keys.length > 1 && html`<${Menu} label="Metrics" right stays><${Over} metrics=${metrics} all=${() => keys} share=${share} /><//>`}
      <button type="button" disabled=${!drawn} onClick=${take(png, barsPng)}>PNG</button>
      <button type="button" disabled=${!drawn} onClick=${take(svg, barsSvg)}>SVG</button>
      <button type="button" title="Every point, as it was logged" onClick=${() => tried(() => csv(seen, metrics))}>CSV</button>
      <button type="button" class="plain" aria-label="Close" onClick=${close}>×</button>
    </header>
    <${Toolbar} keys=${keys} look=${panel.look} set=${set} many=${runs.length > 1} groups=${panel.groups ? "groups" : "runs"} />
    <${Panel} metrics=${metrics} ...${panel} runs=${seen} sync="full" height=${height} shown=${keep} />
    <div class="row wrap" role="group" aria-label="Below the chart">
      <span class="buttons"><button type="button" aria-pressed=${!points} onClick=${() => setPoints("")}>Legend</button><button type="button" aria-pressed=${Boolean(points)} onClick=${() => setPoints(points || (runs[0]?.run_id ?? ""))}>Points</button></span>
      ${points && html`<select aria-label="Points of" value=${points} onChange=${(/** @type {any} */ event) => setPoints(event.target.value)}>${runs.map((run) => html`<option key=${run.run_id} value=${run.run_id}>${run.run_name}</option>`)}</select>`}
      ${points && metrics.length > 1 && html`<select aria-label="Points of the metric" value=${pointed} onChange=${(/** @type {any} */ event) => setOf(event.target.value)}>${metrics.map((metric) => html`<option key=${metric}>${metric}</option>`)}</select>`}
    </div>
    ${points
      ? html`<${Points} key=${`${points} ${pointed}`} run=${points} metric=${pointed} />`
      : html`<${Legend} runs=${runs} metrics=${metrics} off=${off} drawn=${drawn} toggle=${(/** @type {string} */ id) => setOff(toggled(off, id))} only=${(/** @type {string} */ id) => setOff(runs.flatMap((run) => (run.run_id === id ? [] : [run.run_id])))} />`}
  </div><//>`;
}

/** Pixels for the chart: half of what there is. */
const room = () => Math.max(200, Math.round(window.innerHeight * 0.46));

/**
 * Lines, or groups with their bands, and what they hold as they are drawn.
 * @param {{runs: import("./content.js").Drawn[], metrics: string[], off: string[], drawn: import("./content.js").Content | null, toggle: (id: string) => void, only: (id: string) => void}} props
 */
function Legend({ runs, metrics, off, drawn, toggle, only }) {
  const banded = drawn?.traces.some((trace) => trace.low) ?? false;
  const several = metrics.length > 1;
  const rows = useMemo(() => {
    const traces = new Map(drawn?.traces.map((trace) => [`${trace.metric} ${trace.run_id}`, trace]));
    const lines = banded && drawn
      ? drawn.traces
      : runs.flatMap((run) => metrics.map((metric) => traces.get(`${metric} ${run.run_id}`) ?? { run_id: run.run_id, name: run.run_name, metric, colour: colour(run.run_id, run.colour), dash: [], values: [], count: 0 }));
    const names = new Map(runs.map((run) => [run.run_id, run.run_name]));
    return lines.map(({ run_id, name, metric, colour: ink, dash, values, count }) => {
      const known = values.flatMap((value) => (value === null ? [] : [value]));
      return { id: run_id, name: names.get(run_id) ?? name, metric, ink, dash, count, last: known.at(-1), least: known.length ? known.reduce((one, other) => Math.min(one, other)) : undefined, most: known.length ? known.reduce((one, other) => Math.max(one, other)) : undefined };
    });
  }, [runs, metrics, drawn, banded]);
  return html`<${Grid} label="Legend" height="28vh" total=${rows.length} row=${(/** @type {number} */ at) => rows[at]} want=${() => undefined} columns=${[
    {
      id: "name", title: banded ? "Group" : "Run", width: Math.min(several ? 320 : 420, Math.round(window.innerWidth * 0.45)),
      cell: (/** @type {any} */ { id, name, ink, dash }) => banded
        ? html`<${Stroke} colour=${ink} dash=${dash} line=${several} /><span class="cut">${name}</span>`
        : html`<label class="cut"><input type="checkbox" checked=${!off.includes(id)} onChange=${() => toggle(id)} /><${Stroke} colour=${ink} dash=${dash} line=${several} /><span class="cut" title="Double click: this one alone" onDblClick=${() => only(id)}>${name}</span></label>`,
    },
    ...(several && !banded ? [{ id: "metric", title: "Metric", width: 180, cell: (/** @type {any} */ row) => html`<span class="cut">${row.metric}</span>` }] : []),
    ...[["last", "Last"], ["least", "Min"], ["most", "Max"], ["count", banded ? "Runs" : "Points"]].map(([id, title]) => ({ id, title, width: 110, number: true, cell: (/** @type {any} */ row) => (id === "count" ? row.count.toLocaleString("en") : number(row[id])) })),
  ]} />`;
}

/** @param {{run: string, metric: string}} props */
function Points({ run, metric }) {
  const { data, error, again } = useAnswer([run, metric], async (signal) => {
    const told = await get("/runstone/points/get", { run_id: run, key: metric }, signal);
    return { step: new BigInt64Array(bytes(told.steps)), timestamp: new BigInt64Array(bytes(told.timestamps)), value: new Float64Array(bytes(told.values)) };
  });
  if (error) return html`<${Trouble} error=${error} again=${again} />`;
  if (!data) return html`<${Skeleton} rows=${6} />`;
  return html`<p class="small quiet">${counted(data.step.length, "point")}</p><${Grid} label="Points" height="26vh" total=${data.step.length} row=${(/** @type {number} */ at) => at} want=${() => undefined} columns=${[
    { id: "step", title: "Step", width: 130, number: true, cell: (/** @type {number} */ at) => String(data.step[at]) },
    { id: "time", title: "Time", width: 180, cell: (/** @type {number} */ at) => when(Number(data.timestamp[at])) },
    { id: "value", title: "Value", width: 200, number: true, cell: (/** @type {number} */ at) => html`<span title=${String(data.value[at])}>${number(data.value[at])}</span>` },
  ]} />`;
}
