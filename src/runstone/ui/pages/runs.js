/** The runs of one or several experiments: a table over all of them, and charts of those one looks at. */

import { read as readLook, set as setLook } from "../charts/look.js";
import { Explorer } from "../explore/later.js";
import { get, post, Refused, useAnswer } from "../ground/api.js";
import { nth, numbered } from "../ground/colours.js";
import { counted } from "../ground/format.js";
import { html, useCallback, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { whenIdle } from "../ground/idle.js";
import { dark } from "../ground/kept.js";
import { useKeys } from "../ground/keys.js";
import { change, link } from "../ground/route.js";
import { useSame } from "../ground/same.js";
import { begin } from "../parts/begin.js";
import { Heading } from "../parts/heading.js";
import { described, Description, Unfold } from "../experiments/description.js";
import { Menu } from "../parts/menu.js";
import { ChartBones, Empty, Skeleton, Trouble } from "../parts/states.js";
import { Crumbs } from "../parts/tabs.js";
import { Bulk } from "../runs/bulk.js";
import { Chooser } from "../runs/chooser.js";
import { asked as askedColumns, usual, written } from "../runs/columns.js";
import { Export } from "../runs/export.js";
import { FilterBar } from "../runs/filter.js";
import { Grouping } from "../runs/grouping.js";
import { Groups, title, useGroups } from "../runs/groups.js";
import { usePicked } from "../runs/picking.js";
import { translated } from "../runs/mlflows.js";
import { meant, unknown } from "../runs/meant.js";
import { nested as isNested, read, set, VIEWS } from "../runs/query.js";
import { remember, remembered } from "../runs/remembered.js";
import { useRuns } from "../runs/rows.js";
import { useChanged, useSpot } from "../runs/resting.js";
import { Split } from "../runs/split.js";
import { Table, widen, widths } from "../runs/table.js";
import { Views } from "../runs/views.js";

/** Runs that are drawn where none are chosen, and at most. */
const CHARTED = 100;

/** So many keys of each kind are told; of more it is not known which there are. */
const KEYS_TOLD = 5_000;

/** Milliseconds after which, while something is logged, it is asked whether there are new keys. */
const KEYS_PAUSE = 3_000;

/** @param {{parts: {ids: string}, query: URLSearchParams}} props */
export default function Runs({ parts, query }) {
  const experiments = useMemo(() => parts.ids.split(",").filter(Boolean), [parts.ids]);
  const about = useAnswer(["experiments", ...experiments], (signal) => Promise.all(experiments.map((experiment_id) => get("/mlflow/experiments/get", { experiment_id }, signal))));
  // A table whose columns are known wants its rows first; which other columns there could be is nobody's first question.
  const [begun, setBegun] = useState(!query.has("columns") || query.has("view"));
  const rowsCame = useCallback(() => setBegun(true), []);
  const keys = useAnswer(begun ? ["columns", ...experiments] : null, (signal) => post("/runstone/runs/columns", { experiment_ids: experiments }, { signal }));
  const all = useMemo(() => keys.data && whole(keys.data), [JSON.stringify(keys.data)]);
  const led = useMemo(() => translated(query), [query]);
  useEffect(() => {
    if (led) window.location.replace(link(["experiments", parts.ids], led));
  }, [led]);
  if (about.error) return html`<${Trouble} error=${about.error} again=${about.again} />`;
  if (keys.error) return html`<${Trouble} error=${keys.error} again=${keys.again} />`;
  if (led) return html`<${Skeleton} rows=${12} />`;
  const known = /** @type {any[]} */ (about.data?.map((one) => one.experiment) ?? []);
  return html`
    <${Crumbs} class="wide" trail=${[{ name: "Experiments", href: link(["experiments"]) }, { name: known.map((one) => one.name).join(", ") || "…" }]} />
    <${Page} key=${parts.ids} experiments=${experiments} known=${known} keys=${all} query=${query} renew=${about.again} renewKeys=${keys.again} begun=${rowsCame} />
  `;
}

/** @param {any} keys @returns {import("../runs/columns.js").Keys} */
const whole = (keys) => ({ params: keys.params ?? [], metrics: keys.metrics ?? [], tags: keys.tags ?? [] });
const NO_KEYS = whole({});

/**
 * @param {{experiments: string[], known: any[], keys: import("../runs/columns.js").Keys | undefined, query: URLSearchParams, renew: () => void, renewKeys: () => void, begun: () => void}} props
 *   known: the experiments, once they have come; begun: to be told when there are rows
 */
function Page({ experiments, known, keys = NO_KEYS, query, renew, renewKeys, begun }) {
  const seen = useMemo(() => read(query), [query]);
  const ready = keys !== NO_KEYS;
  const [asks, setAsks] = useState(0);
  const basis = useBasis(keys, asks);
  const place = experiments.join(",");
  // Until it is known which there are, those stand there that were usual the last time: the rows need not wait for it.
  const before = ready || seen.columns ? null : remembered(place);
  const columns = useSame(seen.columns ?? before ?? usual(basis));
  useEffect(() => {
    if (ready) remember(place, usual(basis));
  }, [ready, basis]);
  const spot = useSpot(link(["experiments", experiments.join(",")], query));
  const [open, setOpen] = useState(spot.open);
  spot.open = open;
  const [about, setAbout] = useState(false);
  const description = known.length === 1 ? described(known[0]) : "";
  const inside = isNested(seen);
  const asked = {
    experiment_ids: experiments, filter: seen.filter, run_view_type: seen.deleted ? "DELETED_ONLY" : "ACTIVE_ONLY",
    order_by: [`${seen.sort} ${seen.descending ? "DESC" : "ASC"}`], columns: askedColumns(columns), nested: inside, open: inside ? open : [],
  };
  const sure = seen.columns !== null || before !== null || ready;
  const list = useRuns(sure ? asked : null, experiments);
  useEffect(() => {
    return list.total !== undefined || list.error ? whenIdle(begun) : undefined;
  }, [list.total === undefined, list.error]);
  const grouped = seen.group.length > 0;
  const groups = useGroups(sure ? asked : null, seen.group, list.turn, list.pulse);
  const picking = usePicked(list, spot);
  const { picked, clear } = picking;
  useChanged(clear, seen.deleted);
  const again = () => {
    setAsks(asks + 1);
    list.again();
    renew();
    renewKeys();
  };
  // What is logged may be what no run has logged before; also by one that ended before it was asked for.
  const renewed = useRef({ pulse: list.pulse, at: 0 });
  useEffect(() => {
    const { pulse, at } = renewed.current;
    renewed.current.pulse = list.pulse;
    if (!list.pulse || (!pulse && list.pulse.running.length === 0)) return undefined;
    const timer = window.setTimeout(() => {
      renewed.current.at = Date.now();
      renewKeys();
    }, Math.max(0, at + KEYS_PAUSE - Date.now()));
    return () => window.clearTimeout(timer);
  }, [list.pulse]);
  const total = list.total;
  useKeys([
    { keys: "/", does: "Go to the filter", run: () => document.getElementById("filter")?.focus() },
    { keys: "v", does: "Table, charts, both, or explore", run: () => set({ view: VIEWS[(VIEWS.indexOf(seen.view) + 1) % VIEWS.length] }, { push: true }) },
  ]);

  // Runs that are folded are drawn all the same.
  const folded = inside && seen.view !== "table" && !grouped;
  const flat = useAnswer(folded && total ? ["flat", asked.experiment_ids, asked.run_view_type, total] : null, (signal) => post("/runstone/runs/table", { ...asked, nested: false, open: [], columns: [], limit: CHARTED }, { signal }).then((answer) => (numbered(answer.rows ?? []), answer)));
  const charts = useMemo(() => charted(folded ? flat.data?.rows ?? [] : first(list), picked, seen.hidden), [list.loaded, flat.data, folded, total, picked, query.get("hidden")]);
  const bands = useMemo(() => (grouped && groups.groups ? banded(groups.groups, seen.group) : null), [groups.groups, query.get("group"), dark.value]);
  const divided = useMemo(() => (grouped && groups.groups ? { by: seen.group, list: groups.groups } : null), [groups.groups, query.get("group")]);
  const drawn = useMemo(() => (seen.view === "both" ? new Set(charts.map(({ run_id }) => run_id)) : null), [charts, seen.view]);
  const names = useMemo(() => (experiments.length > 1 ? Object.fromEntries(known.map((one) => [one.experiment_id, one.name])) : null), [known.length]);
  /** @param {string} id */
  const draw = (id) => set({ hidden: seen.hidden.includes(id) ? seen.hidden.filter((one) => one !== id) : [...seen.hidden, id] });

  const mistaken = list.error instanceof Refused && list.error.status === 400 ? list.error : undefined;
  const empty = total === 0 && (seen.filter || seen.deleted ? "none" : "new");
  const look = (/** @type {string} */ filter) => change({ group: null, band: null, filter }, { push: true });
  const table = grouped
    ? html`<${Groups} asked=${asked} by=${seen.group} state=${groups} widths=${widths.value} onWidth=${widen} look=${look} />`
    : html`<${Table} spot=${spot} seen=${seen} columns=${columns} list=${list} picking=${picking} nested=${inside} open=${open} setOpen=${setOpen} drawn=${drawn} draw=${draw} experiments=${experiments} names=${names} />`;
  const board = () => html`<${Charts} ready=${ready} runs=${bands ? bands.runs : charts} keys=${keys.metrics.map(({ key }) => key)} look=${readLook(query)} set=${setLook} pulse=${list.pulse} place=${experiments.join(",")} groups=${bands?.groups ?? null} />`;
  return html`
    <div class="head two-rows">
      <${Heading} text=${known.map((one) => one.name).join(", ") || "…"} />
      <span class="quiet">${total === undefined ? "" : seen.filter ? `${list.found.toLocaleString("en")} of ${counted(list.all, "run")}` : counted(list.found, "run")}${grouped && groups.groups ? ` in ${counted(groups.total, "group")}` : ""}</span>
      ${description && html`<${Unfold} open=${about} turn=${() => setAbout(!about)} />`}
      ${list.fresh > 0 && total !== 0 && seen.view !== "explore" && html`<button type="button" class="small fresh" onClick=${again}>${counted(list.fresh, "new run")}</button>`}
      <span class="acts"><a class="button" href=${link(["experiments", experiments.join(","), "models"])}>Models</a>
      <${Views} experiment=${known[0]} again=${renew} />
      <${Export} asked=${asked} stamp=${list.stamp} columns=${columns} name=${known.map((one) => one.name).join("-")} found=${list.found} /></span>
    </div>
    ${about && description && html`<${Description} text=${description} />`}
    <div class="row wrap tools">
      <${FilterBar} value=${seen.filter} keys=${keys} experiments=${experiments} error=${mistaken} set=${(/** @type {string} */ text) => set({ filter: meant(text) }, { push: true })} />
      <${Layout} view=${seen.view} />
      <${Grouping} keys=${keys} by=${seen.group} set=${(/** @type {any[]} */ group) => change({ group: group.map(written).join("\n"), band: group.length > 0 ? (query.get("band") ?? "std") : null }, { push: true })} />
      <${Menu} label="Columns" stays right><${Chooser} keys=${keys} columns=${columns} pins=${seen.pins} set=${(/** @type {any} */ next) => set({ columns: next })} setPins=${(/** @type {string[]} */ pins) => set({ pins })} /><//>
      <${Menu} label="⋯" title="What is shown" right>
        <button type="button" onClick=${again}>Ask anew</button>
        <button type="button" aria-pressed=${seen.flat} onClick=${() => set({ flat: !seen.flat }, { push: true })}>${seen.flat ? "Show runs below their parents" : "Show all runs in one list"}</button>
        <button type="button" aria-pressed=${seen.deleted} onClick=${() => set({ deleted: !seen.deleted }, { push: true })}>${seen.deleted ? "Show active runs" : "Show deleted runs"}</button>
        ${seen.hidden.length > 0 && html`<button type="button" onClick=${() => set({ hidden: [] })}>Draw all runs again</button>`}
      <//>
      <button type="button" class="wide" title="Ask anew" aria-label="Ask anew" onClick=${again}>↻</button>
    </div>
    ${seen.deleted && html`<p class="note row">Deleted runs. <button type="button" class="plain" onClick=${() => set({ deleted: false }, { push: true })}>Show active runs</button></p>`}
    <${Bulk} ids=${[...picked.keys()]} experiments=${experiments} deleted=${seen.deleted} found=${list.found} filter=${seen.filter} all=${picking.all} done=${again} clear=${clear} />
    ${list.error && !mistaken && html`<${Trouble} error=${list.error} again=${again} />`}
    ${mistaken && !total
      ? html`<${Empty} title="The filter is not understood">What is wrong stands below it.<//>`
      : empty === "new"
      ? html`<${Empty} title="No runs yet" code=${begin(known[0]?.name)}>The first one appears here as soon as it starts.<//>`
      : empty === "none"
        ? html`<${Empty} title="No run fits">${seen.filter ? html`${nobody(seen.filter, keys)} Change the filter, or <button type="button" class="link" onClick=${() => set({ filter: "" }, { push: true })}>clear it</button>.` : "Nothing is deleted here."}<//>`
        : seen.view === "explore" ? html`<${Explorer} experiments=${experiments} filter=${seen.filter} deleted=${seen.deleted} keys=${keys} runs=${[...picked.keys()]} groups=${divided} pulse=${list.pulse} turn=${asks} setFilter=${(/** @type {string} */ text) => set({ filter: text }, { push: true })} />`
        : seen.view === "table" ? table : seen.view === "charts" ? board() : html`<${Split} left=${table} right=${board()} />`}
  `;
}

/** The board of charts, which is loaded when it is looked at: a table needs none of it. @param {any} props as of Board, and whether its keys are known */
function Charts({ ready, ...props }) {
  const board = useAnswer("charts", () => import("../charts/board.js"));
  if (board.error) return html`<${Trouble} error=${board.error} />`;
  return ready && board.data ? html`<${board.data.Board} ...${props} />` : html`<${ChartBones} />`;
}

/** @param {{view: import("../runs/query.js").Seen["view"]}} props */
function Layout({ view }) {
  return html`<span class="buttons" role="group" aria-label="View">
    ${VIEWS.map((one) => html`<button key=${one} type="button" aria-pressed=${view === one} onClick=${() => set({ view: one }, { push: true })}>${one}</button>`)}
  </span>`;
}

/**
 * The keys of which the usual columns are made: those there were when the table was asked for, so that none moves under the reader. While one run
 * alone has logged anything, all that it does.
 * @param {import("../runs/columns.js").Keys} keys @param {number} asks
 */
function useBasis(keys, asks) {
  const basis = useRef({ keys, asks });
  const { keys: before } = basis.current;
  if (before !== keys && (basis.current.asks !== asks || before.metrics.length + before.params.length === 0 || [...keys.metrics, ...keys.params].every(({ runs }) => runs <= 1))) basis.current = { keys, asks };
  return basis.current.keys;
}

/** What of a filter no run has. @param {string} filter @param {import("../runs/columns.js").Keys} keys */
function nobody(filter, keys) {
  const names = Math.max(keys.params.length, keys.metrics.length, keys.tags.length) < KEYS_TOLD ? unknown(filter, keys) : [];
  return names.length > 0 && html`No run has ${names.map((name, at) => html`${at > 0 && " or "}<code>${name}</code>`)}. `;
}

/** The first runs of a table, as far as they have come. @param {ReturnType<typeof useRuns>} list */
function first(list) {
  const rows = [];
  for (let number = 0; number < Math.min(list.total ?? 0, 10 * CHARTED); number += 1) {
    const run = list.row(number);
    if (run) rows.push(run);
  }
  return rows;
}

/**
 * The runs that are drawn: those that are chosen, or the first of the table; without those that are hidden.
 * @param {import("../runs/columns.js").Run[]} runs @param {Map<string, import("../runs/columns.js").Run | null>} picked @param {string[]} hidden
 */
function charted(runs, picked, hidden) {
  const away = new Set(hidden);
  const chosen = picked.size === 0 ? runs : [...picked.values()].flatMap((run) => run ?? []);
  return chosen.filter(({ run_id }) => !away.has(run_id)).slice(0, CHARTED);
}

/**
 * The largest groups as charts draw bands over them.
 * @param {import("../runs/groups.js").Group[]} groups @param {import("../runs/columns.js").Column[]} by
 */
function banded(groups, by) {
  /** @type {{run_id: string, run_name: string}[]} */
  const runs = [];
  const bands = [];
  for (const group of groups) {
    if (runs.length + group.run_ids.length > 5 * CHARTED) break;
    const name = title(group, by);
    bands.push({ name, run_ids: group.run_ids, colour: nth(group.place) });
    for (const run_id of group.run_ids) runs.push({ run_id, run_name: name });
  }
  return { runs, groups: bands };
}
