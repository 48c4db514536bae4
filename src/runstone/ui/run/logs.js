/** The console of a run: followed while it is written, searched, wrapped or not. */

import { classes, html, useCallback, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { kept } from "../ground/kept.js";
import { useKeys } from "../ground/keys.js";
import { change } from "../ground/route.js";
import { plain, stretch } from "../parts/ansi.js";
import { elements } from "../parts/inked.js";
import { Lines } from "../parts/lines.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { fileAddress, useConsole } from "./console.js";

const wrapped = kept("wrap-logs", false);

/** The width of a letter of the console, in pixels: style.css's 12px of --mono, measured once it is drawn. */
let letter = 0;

/** Room for the numbers beside lines, and for the frame, in pixels. */
const NUMBERS = 64;

/** @param {{run: any, query: URLSearchParams}} props */
export function Logs({ run, query }) {
  const { run_id: id, status } = run.info;
  const live = status === "RUNNING";
  const wanted = query.get("file") ?? "";
  const { lines, files, error, whole, again } = useConsole(id, wanted, live);
  const find = query.get("find") ?? "";
  const only = query.has("only");
  const [follow, setFollow] = useState(live && !query.has("line") && !find);
  const [width, setWidth] = useState(0);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const count = lines.count;
  const found = useMatches(lines, find, count);
  const shown = only && find ? found : null;
  const columns = wrapped.value && width > 0 ? Math.max(20, Math.floor((width - NUMBERS - 16) / (letter || 7.2))) : 0;
  const rows = useMemo(() => broken(lines, shown, count, columns), [lines, shown, count, columns]);
  const chosen = Number(query.get("line") ?? 0) - 1 - lines.dropped;
  const place = useMemo(() => rowOf(rows, chosen, shown?.length ?? count), [rows, chosen, shown, count]);

  /** @param {number} step */
  const next = (step) => {
    if (found.length === 0) return;
    const here = query.has("line") ? found.findIndex((one) => one >= chosen + (step > 0 ? 1 : 0)) : step > 0 ? 0 : found.length;
    const to = step > 0 ? (here < 0 ? 0 : here) : (here < 0 ? found.length : here) - 1;
    setFollow(false);
    change({ line: found[(to + found.length) % found.length] + 1 + lines.dropped });
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    next(event.shiftKey ? -1 : 1);
  };
  useKeys([
    { keys: "/", does: "Search the console", run: () => field.current?.focus() },
    { keys: "n", does: "Next place that was found", run: () => next(1) },
    { keys: "N", does: "The place before", run: () => next(-1) },
    { keys: "G", does: "End of the console", run: () => setFollow(true) },
    { keys: "w", does: "Wrap lines", run: () => (wrapped.value = !wrapped.value) },
  ]);
  const onWidth = useCallback((/** @type {number} */ now) => setWidth(now), []);
  const line = useCallback(
    (/** @type {number} */ at) => drawn(lines, rows.at(at), find, chosen),
    // what is the same line may have grown: count says so
    [lines, rows, find, chosen, count, whole],
  );

  if (error && count === 0) return html`<${Trouble} error=${error} again=${again} />`;
  if (!files) return html`<${Skeleton} rows=${14} height=${14} />`;
  if (files.length === 0) return html`<${None} run=${run} />`;
  const name = wanted || files[0].path;
  return html`<section class="card log" aria-label="Console">
    <header class="wrap">
      ${files.length > 1 && html`<select aria-label="Console of" value=${name} onChange=${(/** @type {any} */ event) => change({ file: event.target.value, line: null })}>${files.map((one) => html`<option value=${one.path}>${one.path.slice(".runstone/".length)}</option>`)}</select>`}
      <input ref=${field} type="search" class="grow" placeholder="Search (/)" aria-label="Search the console" value=${find} onInput=${(/** @type {any} */ event) => change({ find: event.target.value, line: null })} onKeyDown=${onKey} />
      ${find && html`<span class="small quiet number" role="status">${found.length === 0 ? "none" : `${found.includes(chosen) ? `${(found.indexOf(chosen) + 1).toLocaleString("en")} of ` : ""}${found.length.toLocaleString("en")}`}</span>
        <span class="buttons"><button type="button" title="The one before (Shift+Enter)" aria-label="The one before" onClick=${() => next(-1)}>↑</button><button type="button" title="Next (Enter)" aria-label="Next" onClick=${() => next(1)}>↓</button></span>
        <button type="button" aria-pressed=${only} onClick=${() => change({ only: !only })}>only these</button>`}
      <button type="button" aria-pressed=${wrapped.value} title="Wrap lines (w)" onClick=${() => (wrapped.value = !wrapped.value)}>wrap</button>
      <button type="button" aria-pressed=${follow} title="Jump to the end (G) and stay there" onClick=${() => setFollow(!follow)}>${live ? "follow" : "end"}</button>
      <a class="button" href=${fileAddress(id, name)} download=${`${run.info.run_name || id}-${name.split("/").at(-1)}`}>Save</a>
    </header>
    ${lines.dropped > 0 && html`<p class="note warn small">The first ${lines.dropped.toLocaleString("en")} lines are left out here; “Save” gives all.</p>`}
    <${Letter} />
    <${Lines} label="Lines" count=${rows.length} line=${line} at=${place} follow=${follow} onFollow=${setFollow} onWidth=${onWidth} onClick=${(/** @type {number} */ at) => change({ line: rows.line(at) + 1 + lines.dropped })} wide=${columns ? 0 : NUMBERS + 24 + Math.ceil(Math.max(lines.widest, 1) * (letter || 7.2))} />
    <footer class="small quiet row"><span class="grow">${count.toLocaleString("en")} lines${find && only ? `, ${found.length.toLocaleString("en")} shown` : ""}</span>${live ? html`<span class="status RUNNING">being written</span>` : !whole && "reading…"}</footer>
  </section>`;
}

/** @param {{run: any}} props */
function None({ run }) {
  if (run.info.status === "RUNNING") {
    return html`<${Empty} title="No console yet">A run of this machine shows what it prints at once; one that logs to a server from elsewhere brings its console when it ends.<//>`;
  }
  return html`<${Empty} title="No console was recorded" code=${"RUNSTONE_CONSOLE=1 runstone run train.py"}>Nested runs have none of their own, neither have runs that were switched off, or that were logged by another client than runstone's.<//>`;
}

/** Measures a letter, once. */
function Letter() {
  const box = useRef(/** @type {HTMLSpanElement | null} */ (null));
  const [, setDone] = useState(false);
  useEffect(() => {
    if (letter === 0 && box.current) {
      letter = box.current.getBoundingClientRect().width / 50;
      setDone(true);
    }
  }, []);
  return html`<span ref=${box} class="hidden log-line log-letter" aria-hidden="true">${"x".repeat(50)}</span>`;
}

/**
 * The numbers of the lines that have a text, looked for again when it or the count of lines changes.
 * @param {import("../parts/terminal.js").Lines} lines
 * @param {string} find
 * @param {number} count
 * @returns {number[]}
 */
function useMatches(lines, find, count) {
  return useMemo(() => {
    /** @type {number[]} */
    const found = [];
    if (!find) return found;
    const wanted = find.toLowerCase();
    for (let at = 0; at < count; at += 1) if (lines.lowered(at).includes(wanted)) found.push(at);
    return found;
  }, [lines, find, count]);
}

/**
 * @typedef {{line: number, start: number, end: number}} Part of a line, what stands in one row
 * @typedef {{length: number, at: (row: number) => Part, line: (row: number) => number}} Rows
 */

/**
 * How lines are put into rows: one each, or as many as each takes when they are wrapped, as a terminal does.
 * @param {import("../parts/terminal.js").Lines} lines
 * @param {number[] | null} shown the lines that are shown; null for all
 * @param {number} count of all
 * @param {number} columns 0: not wrapped
 * @returns {Rows}
 */
export function broken(lines, shown, count, columns) {
  const of = shown ? (/** @type {number} */ at) => shown[at] : (/** @type {number} */ at) => at;
  const total = shown ? shown.length : count;
  if (!columns) return { length: total, line: of, at: (row) => ({ line: of(row), start: 0, end: Infinity }) };
  /** In which row each line begins. */
  const begins = new Uint32Array(total + 1);
  for (let at = 0; at < total; at += 1) begins[at + 1] = begins[at] + Math.max(1, Math.ceil(lines.width(of(at)) / columns));
  const place = (/** @type {number} */ row) => {
    let [low, high] = [0, total - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (begins[middle] <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    length: begins[total],
    line: (row) => of(place(row)),
    at: (row) => {
      const at = place(row);
      const start = (row - begins[at]) * columns;
      return { line: of(at), start, end: start + columns };
    },
  };
}

/** The first row of a line. @param {Rows} rows @param {number} line @param {number} total */
function rowOf(rows, line, total) {
  if (line < 0 || total === 0) return undefined;
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows.line(middle) < line) low = middle + 1;
    else high = middle;
  }
  return low < rows.length ? low : undefined;
}

/** A row's elements. @param {import("../parts/terminal.js").Lines} lines @param {Part} row @param {string} find @param {number} chosen */
function drawn(lines, row, find, chosen) {
  const pieces = lines.pieces(row.line);
  const text = elements(row.start === 0 && row.end === Infinity ? pieces : stretch(pieces, row.start, row.end), find ? marks(plain(lines.text(row.line)), find, row) : []);
  return html`<span class=${classes("log-number", row.line === chosen && "at")} title="Link to the line">${row.start === 0 && lines.dropped + row.line + 1}</span><span class="log-text">${text}</span>`;
}

/**
 * Where a text stands in a row.
 * @param {string} text @param {string} find @param {Part} row
 * @returns {[number, number][]}
 */
function marks(text, find, row) {
  const [within, wanted] = [text.toLowerCase(), find.toLowerCase()];
  if (within.length !== text.length) return []; // a letter that becomes two: the places would be others
  /** @type {[number, number][]} */
  const found = [];
  for (let at = within.indexOf(wanted); at >= 0 && found.length < 200; at = within.indexOf(wanted, at + wanted.length)) {
    const [start, end] = [Math.max(at, row.start) - row.start, Math.min(at + wanted.length, row.end) - row.start];
    if (start < end) found.push([start, end]);
  }
  return found;
}
