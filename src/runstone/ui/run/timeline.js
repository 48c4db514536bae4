/** What happened in a run, from its start to its end: lanes in time, and a list. */

import { get, useAnswer } from "../ground/api.js";
import { counted, duration, when } from "../ground/format.js";
import { html, useMemo } from "../ground/html.js";
import { link } from "../ground/route.js";
import { Skeleton, Trouble } from "../parts/states.js";

/** @typedef {{kind: string, time: number, name: string, id?: string, end?: number | null, count?: number}} Event */

/** What a kind is called, as a lane. @type {[string, string][]} */
const LANES = [
  ["metric", "metrics"], ["system", "system"], ["file", "files"], ["used", "used"], ["made", "versions"], ["model", "models"], ["registered", "registered"], ["run", "child runs"],
];

/** @param {Event} event @returns {string} */
function said({ kind, name, count = 1 }) {
  switch (kind) {
    case "start": return "started";
    case "end": return name;
    case "metric": return `${counted(count, "point")} of ${name}`;
    case "system": return counted(count, "system metric");
    case "file": return count > 1 ? `${counted(count, "file")}: ${name}, …` : name;
    case "model": return `model ${name}`;
    case "registered": return `registered as ${name.replace(/\/(\d+)$/, " $1")}`;
    case "made": return `made ${name}`;
    case "used": return `used ${name}`;
    default: return `child run ${name}`;
  }
}

/** @param {any} info @param {Event} event @returns {string | undefined} */
function leads({ experiment_id: experiment, run_id: run }, { kind, name, id = "", count = 1 }) {
  if (kind === "metric") return link(["experiments", experiment, "runs", run, "metrics"], { as: "table", points: name });
  if (kind === "system") return link(["experiments", experiment, "runs", run, "system"]);
  if (kind === "file") return link(["experiments", experiment, "runs", run, "artifacts", ...(count > 1 ? name.split("/").slice(0, -1) : name.split("/"))]);
  if (kind === "model") return link(["experiments", experiment, "models", id]);
  if (kind === "registered") return link(["models", id, "versions", name.split("/").at(-1) ?? ""]);
  if (kind === "run") return link(["experiments", experiment, "runs", id]);
  return undefined;
}

/** @param {{run: any, turn: number}} props */
export function Timeline({ run, turn }) {
  const { info } = run;
  const { data, error, again } = useAnswer(["timeline", info.run_id, turn], (signal) => get("/runstone/runs/timeline", { run_id: info.run_id }, signal));
  const began = Number(info.start_time ?? 0);
  const ended = info.end_time ? Number(info.end_time) : null;
  const events = useMemo(() => {
    /** @type {Event[]} */
    const told = (data?.events ?? []).map((/** @type {Event} */ one) => ({ ...one, time: Number(one.time), end: one.end ? Number(one.end) : null }));
    /** @type {Event[]} */
    const all = [
      { kind: "start", time: began, name: "started" },
      ...told,
      ...(ended === null ? [] : [{ kind: "end", time: ended, name: info.status.toLowerCase() }]),
    ];
    return all.sort((one, other) => one.time - other.time);
  }, [data, began, ended, info.status]);
  if (error && !data) return html`<${Trouble} error=${error} again=${again} />`;
  if (!data) return html`<${Skeleton} rows=${10} />`;
  return html`<div class="column">
    <${Drawn} events=${events} from=${began} to=${ended ?? Date.now()} />
    ${data.truncated && html`<p class="note">Of each kind the first 300 are shown.</p>`}
    <section class="card" aria-label="Events"><div class="scroll"><table class="plain events">
      <thead><tr><th class="number">After</th><th class="what">What</th><th class="number">Took</th><th class="wide">Time</th></tr></thead>
      <tbody>${events.map((one) => {
        const href = leads(info, one);
        return html`<tr><td class="number nowrap">${duration(Math.max(0, one.time - began))}</td><td class="what">${href ? html`<a href=${href}>${said(one)}</a>` : one.kind === "end" ? html`<span class=${`status ${info.status}`}>${said(one)}</span>` : said(one)}</td><td class="number quiet nowrap">${one.end && one.end > one.time ? duration(one.end - one.time) : ""}</td><td class="quiet nowrap wide">${when(one.time)}</td></tr>`;
      })}</tbody>
    </table></div></section>
  </div>`;
}

/** Lanes, in percents of the time from one end to the other. @param {{events: Event[], from: number, to: number}} props */
function Drawn({ events, from, to }) {
  const first = Math.min(from, ...events.map((one) => one.time));
  const last = Math.max(to, ...events.map((one) => one.end ?? one.time), first + 1);
  const at = (/** @type {number} */ time) => (100 * (time - first)) / (last - first);
  const lanes = LANES.map(([kind, name]) => ({ kind, name, own: events.filter((one) => one.kind === kind) })).filter(({ own }) => own.length > 0);
  const marks = [0, 0.25, 0.5, 0.75, 1];
  return html`<section class="card timeline" aria-label="Timeline" role="img"><div class="inside">
    <div class="lane"><span class="quiet small">run</span><span class="track"><span class="bar-of run" style=${{ left: `${at(from)}%`, width: `${at(to) - at(from)}%` }} /></span></div>
    ${lanes.map(({ kind, name, own }) => html`<div class="lane" key=${kind}><span class="quiet small">${name}</span><span class="track">
      ${own.map((one) => html`<span class=${`bar-of ${kind}`} title=${`${said(one)}, after ${duration(Math.max(0, one.time - from))}`} style=${{ left: `${at(one.time)}%`, width: `${Math.max(0, at(one.end ?? one.time) - at(one.time))}%` }} />`)}
    </span></div>`)}
    <div class="lane times" aria-hidden="true"><span /><span class="track">${marks.map((mark) => html`<span class="small quiet" style=${{ left: `${mark * 100}%` }}>${duration(mark * (last - first))}</span>`)}</span></div>
  </div></section>`;
}
