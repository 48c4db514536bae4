/** All charts of some runs: there without being configured, by the part of a metric's name before the first "/". */

import { colour } from "../ground/colours.js";
import { counted } from "../ground/format.js";
import { html, useCallback, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { useSame } from "../ground/same.js";
import { ofMachine } from "../ground/system.js";
import { Empty } from "../parts/states.js";
import { say } from "../parts/toasts.js";
import { charts, MOST, paired, regrouped, same, together } from "./combine.js";
import { Full } from "./full.js";
import { lay, layout, tell, toggled } from "./layout.js";
import { fits, sections } from "./sections.js";
import { Given, Slot } from "./slot.js";
import { Toolbar } from "./toolbar.js";

/**
 * @param {{
 *   runs: import("./content.js").Drawn[], keys: string[], look: import("./content.js").Look, set: (changes: Partial<import("./content.js").Look>) => void,
 *   pulse?: import("../ground/live.js").Pulse | null, turn?: number, place?: string, groups?: import("./content.js").Group[] | null,
 * }} props
 *   pulse: what is under way: runs that have new points are asked for anew; without one all are, whenever `turn` rises.
 *   place: what the layout is remembered for, such as the experiments' ids. groups: what bands are over, else all runs
 */
export function Board({ runs: given, keys: named, look: asked, set, pulse = null, turn = 0, place = "", groups: grouped = null }) {
  const runs = useSame(given.map(({ run_id, run_name, colour }) => ({ run_id, run_name, colour })));
  const keys = useSame(named);
  const groups = useSame(grouped);
  const look = useSame(asked);
  const [text, setText] = useState("");
  const [full, setFull] = useState("");
  const laid = layout(place);
  useEffect(() => tell(place), [place]);
  const { shared, found } = useMemo(() => {
    const fit = fits(text);
    const shared = charts(keys, laid.joined);
    return { shared, found: sections([...shared].flatMap(([metric, some]) => (some.some(fit) ? [metric] : [])), laid) };
  }, [keys, text, JSON.stringify(laid)]);
  // Where there is nothing else, the machine's section needs no heading, and is open.
  const machine = keys.every(ofMachine);
  const stamps = useStamps(runs, pulse, turn);

  // The same on other data, over each other at once, and back.
  const alike = useMemo(() => same(keys), [keys]);
  const overlaid = alike.length > 0 && together(laid.joined, alike);
  const pair = () => {
    const before = layout(place);
    lay(place, paired(before, alike, !overlaid));
    say(overlaid ? "Each metric has its chart." : `${counted(alike.length, "chart")} with the same metric on other data.`, { undo: () => lay(place, before), about: share });
  };

  const open = useCallback((/** @type {string} */ metric) => setFull(metric), []);
  const pin = useCallback((/** @type {string} */ metric) => lay(place, { pinned: toggled(layout(place).pinned, metric) }), [place]);
  const hide = useCallback((/** @type {string} */ metric) => lay(place, { hidden: toggled(layout(place).hidden, metric) }), [place]);
  const latest = useRef({ found, shared, keys });
  latest.current = { found, shared, keys };
  const all = useCallback(() => latest.current.keys, []);
  const share = useCallback((/** @type {string[]} */ before, /** @type {string[]} */ after) => {
    const { joined, pinned, hidden, order } = layout(place);
    lay(place, regrouped({ ...layout(place) }, before, after));
    setFull((now) => (now === before[0] ? after[0] : now));
    const come = after.filter((metric) => !before.includes(metric));
    const gone = before.filter((metric) => !after.includes(metric));
    say(come.length > 0 ? `${come.join(", ")} ${come.length > 1 ? "are" : "is"} drawn with ${before[0]}.` : `${gone.join(", ")} ${gone.length > 1 ? "stand" : "stands"} alone again.`, { undo: () => lay(place, { joined, pinned, hidden, order }), about: share });
  }, [place]);
  const over = useCallback((/** @type {string} */ metric, /** @type {string} */ other) => {
    const { shared } = latest.current;
    const before = shared.get(other) ?? [other];
    const after = [...before, ...(shared.get(metric) ?? [metric])];
    if (after.length > MOST) say(`A chart has up to ${MOST} metrics.`, { bad: true });
    else share(before, after);
  }, [share]);
  /** Before another one, or a place on; within its section. */
  const move = useCallback((/** @type {string} */ metric, /** @type {string | 1 | -1} */ where) => {
    const section = latest.current.found.find((one) => one.keys.includes(metric));
    if (!section) return;
    const others = section.keys.filter((key) => key !== metric);
    const at = typeof where === "number" ? section.keys.indexOf(metric) + where : others.indexOf(where);
    if (at < 0 || at > others.length) return;
    others.splice(at, 0, metric);
    if (section.name === "Pinned") lay(place, { pinned: others });
    else lay(place, { order: [...latest.current.found.flatMap((one) => (one.name === "Pinned" ? [] : one === section ? others : one.keys))] });
  }, [place]);

  const setting = useRef(set);
  setting.current = set;
  const zoom = useCallback((/** @type {number | null} */ start, /** @type {number | null} */ end) => setting.current({ start, end }), []);
  // What is drawn on canvases does not know by itself when a run's colour has become known.
  const inks = look.band ? "" : runs.map((run) => colour(run.run_id, run.colour)).join(" ");
  const panel = useMemo(() => ({ runs, look, groups, stamps, inks, zoom, sync: "board" }), [runs, look, groups, stamps, inks]);
  // A thousand places are drawn again only when what they show has changed.
  const places = useMemo(
    () => found.map(({ name, keys: some }) => html`<${Slots} keys=${some} shared=${shared} given=${{ pinned: name === "Pinned", pin, hide, open, move, over, all, share }} />`),
    [found, shared, pin, hide, move, over, share],
  );

  if (keys.length === 0) return html`<${Empty} title="No metrics yet" code=${'runstone.log_metric("loss", 0.5, step=1)'}>Charts appear here with the first point.<//>`;
  return html`<${Given.Provider} value=${panel}><div class="column board">
    <${Toolbar} keys=${keys} look=${look} set=${set} many=${runs.length > 1} groups=${groups ? "groups" : "runs"}>
      <input type="search" placeholder="Find charts" aria-label="Find charts (a regular expression)" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
      ${alike.length > 0 && html`<button type="button" aria-pressed=${overlaid} title=${`Draw the same metric on other data over each other: ${alike[0].join(", ")}`} onClick=${pair}>train + val</button>`}
    <//>
    ${groups && groups.length > 1 && html`<ul class="row wrap small legend-of-groups" aria-label="Groups" tabindex="0">${groups.slice(0, NAMED).map(({ name, colour: ink }) => html`<li key=${name} class="row"><span class="dot" style=${{ color: ink }} /><bdi class="cut" title=${name}>${name}</bdi></li>`)}${groups.length > NAMED && html`<li class="quiet">and ${(groups.length - NAMED).toLocaleString("en")} more</li>`}</ul>`}
    ${found.length === 0 && html`<p class="quiet">No chart's name fits.</p>`}
    ${found.map(({ name, keys: some }, at) => {
      const closed = name !== "" && !machine && laid.closed.includes(name);
      return html`<section key=${name} aria-label=${name || "Charts"}>
        ${name && !machine && html`<h2 class="section"><button type="button" class="plain" aria-expanded=${!closed} onClick=${() => lay(place, { closed: toggled(laid.closed, name) })}>${closed ? "▸" : "▾"} ${name} <span class="quiet small">${some.length}</span></button></h2>`}
        ${!closed && places[at]}
      </section>`;
    })}
    ${laid.hidden.length > 0 && html`<p class="quiet small row wrap">Hidden: ${laid.hidden.map((key) => html`<button key=${key} type="button" class="plain" title="Show again" onClick=${() => hide(key)}>${key}</button>`)}</p>`}
    ${full && html`<${Full} metrics=${shared.get(full) ?? [full]} share=${share} keys=${keys} panel=${panel} set=${set} close=${() => setFull("")} />`}
  </div><//>`;
}

/** Groups whose colours are told above the charts; a list of values has all of them. */
const NAMED = 12;

/** Places that are made at a time. */
const FIRST = 60;
const NEXT = 120;

/** The places of a section; a thousand are made in several goes. @param {{keys: string[], shared: Map<string, string[]>, given: object}} props */
function Slots({ keys, shared, given }) {
  const [made, setMade] = useState({ keys, count: FIRST });
  const count = made.keys === keys ? made.count : FIRST;
  useEffect(() => {
    if (count >= keys.length) return undefined;
    const timer = window.setTimeout(() => setMade({ keys, count: count + NEXT }), 20);
    return () => window.clearTimeout(timer);
  }, [keys, count]);
  return html`<div class="charts">${keys.slice(0, count).map((key) => html`<${Slot} key=${key} metrics=${shared.get(key) ?? [key]} ...${given} />`)}</div>`;
}

/**
 * Of each run a text that differs when it has new points.
 * @param {import("./content.js").Drawn[]} runs
 * @param {import("../ground/live.js").Pulse | null} pulse
 * @param {number} turn
 */
function useStamps(runs, pulse, turn) {
  const known = useRef(/** @type {Map<string, string>} */ (new Map()));
  return useMemo(() => {
    const running = new Map(pulse?.running.map(({ run_id, points }) => [run_id, `${points} so far`]));
    const next = new Map();
    for (const { run_id } of runs) {
      // A run that has ended since is asked for once more.
      const had = known.current.get(run_id);
      const now = running.get(run_id) ?? (had?.endsWith("so far") ? had.replace("so far", "in all") : had);
      if (pulse === null) turn > 0 && next.set(run_id, String(turn));
      else if (now !== undefined) next.set(run_id, now);
    }
    known.current = next;
    return next;
  }, [runs, pulse, turn]);
}
