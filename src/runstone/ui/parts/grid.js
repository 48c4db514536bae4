/**
 * A table of any number of rows and columns: only those that can be seen are there. Until rows have come their places are held by bones, so that
 * nothing jumps. A row that is as it was is not looked at again, and the elements of those that leave at one end serve those that come at the other.
 */

import { classes, html, useCallback, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { whenIdle } from "../ground/idle.js";
import { Head } from "./gridhead.js";

export const ROW = 30;
const HEAD = 32;
/** Rows that are drawn beyond what can be seen, so that a turn of the wheel shows no empty ones. */
const BEYOND = 10;
/** New rows that are drawn in one frame: a screen of them. */
const MOST = Math.ceil(window.innerHeight / ROW);
/** The window is moved by so many rows at a time: fewer renderings. */
const STEP = 5;
/** Pixels that columns are drawn beyond what can be seen, and by how many this moves at a time. */
const ASIDE = 200;
/** What is taken for being in sight until the table has been measured: a large screen's, so that nothing is drawn twice. */
const FIRST = { first: 0, last: MOST, left: -ASIDE, right: window.innerWidth + ASIDE, aside: false };
/** A scroll that goes on is waited for: what flies by is not asked for. */
const CALM = 70;

/**
 * A column. `cell` gives a text (cut where it does not fit), elements, or null for none; `title` what is told of a text beside itself. Those that
 * are `fixed` stand first and stay; those that are `movable` change places by being dragged.
 * @template R
 * @typedef {{id: string, title: any, label?: string, width: number, number?: boolean, fixed?: boolean, movable?: boolean, sort?: string,
 *   cell: (row: R, at: number) => any, told?: (row: R) => string}} GridColumn
 */

/**
 * Where columns stand: their left edges, where the fixed ones end, how wide all are.
 * @param {GridColumn<any>[]} columns
 */
function laid(columns) {
  let left = 0;
  const places = columns.map((column) => {
    const place = left;
    left += column.width;
    return place;
  });
  const fixed = columns.findIndex((column) => !column.fixed);
  return { places, fixed: fixed < 0 ? columns.length : fixed, width: left };
}

/**
 * @template R
 * @param {{
 *   label: string, columns: GridColumn<R>[], total: number, row: (at: number) => R | undefined, want: (first: number, last: number) => void,
 *   sorted?: string, descending?: boolean, onSort?: (sort: string) => void, onWidth?: (id: string, width: number) => void,
 *   onMove?: (id: string, before: string | null) => void, at?: number, onAt?: (at: number) => void, rowClass?: (row: R) => string,
 *   onMenu?: (row: R, at: number, event: MouseEvent) => void, onDouble?: (row: R, at: number, id: string) => void, anew?: unknown, height?: string, spot?: {top: number},
 * }} props
 *   onMenu: a row's menu is wanted; onDouble: a cell was clicked twice; anew: what is in sight is the list's beginning whenever this changes;
 *   spot: by how many pixels it was scrolled when it was left, and is now
 */
export function Grid({ label, columns, total, row, want, sorted, descending, onSort, onWidth, onMove, at, onAt, rowClass, onMenu, onDouble, anew, height = "100%", spot }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [seen, setSeen] = useState(FIRST);
  const waiting = useRef(0);
  const back = useRef(spot?.top ?? 0);
  const [, goOn] = useState(0);

  const look = useCallback(() => {
    const element = box.current;
    if (!element) return;
    if (spot && back.current === 0) spot.top = element.scrollTop;
    const first = Math.max(0, Math.floor(element.scrollTop / ROW) - BEYOND);
    const start = first - (first % STEP);
    const last = start + Math.ceil(element.clientHeight / ROW) + 2 * BEYOND + STEP;
    const left = Math.floor(element.scrollLeft / ASIDE) * ASIDE - ASIDE;
    const right = left + Math.ceil(element.clientWidth / ASIDE) * ASIDE + 3 * ASIDE;
    const aside = element.scrollLeft > 0;
    setSeen((before) => (before.first === start && before.last === last && before.left === left && before.right === right && before.aside === aside ? before : { first: start, last, left, right, aside }));
    window.clearTimeout(waiting.current);
    waiting.current = window.setTimeout(() => want(start, last), CALM);
  }, [want]);
  useEffect(look, [total, look]); // behind the painting: to measure before it has the browser lay out everything twice
  useEffect(() => {
    const watch = new ResizeObserver(look);
    if (box.current) watch.observe(box.current);
    return () => {
      watch.disconnect();
      window.clearTimeout(waiting.current);
    };
  }, [look]);
  const begun = useRef(anew);
  useEffect(() => {
    if (!box.current || begun.current === anew) return;
    begun.current = anew;
    back.current = 0;
    box.current.scrollTop = 0;
  }, [anew]);
  // To where one was, as soon as there are so many rows.
  useEffect(() => {
    if (!box.current || back.current === 0 || total * ROW < back.current) return;
    box.current.scrollTop = back.current;
    back.current = 0;
  }, [total]);

  // What the keyboard is at stays in sight.
  useEffect(() => {
    const element = box.current;
    if (!element || at === undefined || at < 0) return;
    const top = at * ROW;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW + HEAD > element.scrollTop + element.clientHeight) element.scrollTop = top + ROW + HEAD - element.clientHeight;
  }, [at]);

  const { places, fixed, width } = useMemo(() => laid(columns), [columns]);
  const shown = useMemo(() => {
    const list = [];
    for (let number = 0; number < columns.length; number += 1) {
      if (number < fixed || (places[number] + columns[number].width > seen.left && places[number] < seen.right)) list.push(number);
    }
    return list;
  }, [columns, places, fixed, seen.left, seen.right]);
  // What is left out between the fixed columns and the first that is drawn.
  const firstShown = shown.find((number) => number >= fixed);
  const gap = firstShown === undefined ? 0 : places[firstShown] - (places[fixed] ?? 0);
  const span = seen.last - seen.first;

  /** Drawn rows by number, with what they were drawn of. */
  const drawn = useMemo(() => /** @type {Map<number, {one: any, told: string, node: any}>} */ (new Map()), [columns, shown, span]);
  let fresh = 0;
  /** @param {number} number */
  const draw = (number) => {
    const now = row(number);
    // Of a screen that is all new those rows come later that cannot be seen.
    const one = now === undefined || drawn.get(number)?.one === now || (fresh += 1) <= MOST ? now : undefined;
    const told = classes("grid-row", number === at && "at", one && rowClass?.(one));
    const before = drawn.get(number);
    if (before && before.one === one && before.told === told) return before.node;
    const node = html`<div key=${number % span} role="row" aria-rowindex=${number + 2} data-row=${number} class=${told} style=${{ transform: `translateY(${number * ROW}px)`, width: `${width}px` }}>
      ${one === undefined
        ? html`<div role="cell" class="grid-cell wait"><span class="bone" /></div>`
        : shown.map((place) => cell(columns[place], place, one, number, place === firstShown ? gap : 0, places[place]))}
    </div>`;
    drawn.set(number, { one, told, node });
    return node;
  };
  const rows = [];
  for (let number = seen.first; number < Math.min(seen.last, total); number += 1) rows.push(draw(number));
  const late = fresh > MOST;
  useEffect(() => {
    return late ? whenIdle(() => goOn((before) => before + 1)) : undefined;
  });
  for (const number of drawn.keys()) if (number < seen.first || number >= seen.last) drawn.delete(number);

  /** The row that an event is about. @param {Event} event */
  const rowOf = (event) => {
    const element = /** @type {HTMLElement} */ (event.target).closest?.("[data-row]");
    return element instanceof HTMLElement ? Number(element.dataset.row) : -1;
  };
  /** @param {MouseEvent} event */
  const menu = (event) => {
    const number = rowOf(event);
    const one = row(number);
    if (!onMenu || one === undefined) return;
    event.preventDefault();
    onMenu(one, number, event);
  };
  /** @param {MouseEvent} event */
  const twice = (event) => {
    const number = rowOf(event);
    const one = row(number);
    const column = /** @type {HTMLElement} */ (event.target).closest("[data-column]");
    if (one !== undefined && column instanceof HTMLElement) onDouble?.(one, number, column.dataset.column ?? "");
  };
  // Cells that stay are layers of their own to the browser, two a row: only where there is something to stay in front of.
  return html`<div class=${classes("grid", seen.aside && "aside")} ref=${box} role="table" aria-label=${label} aria-rowcount=${total + 1} aria-colcount=${columns.length} tabindex="0" style=${{ height }} onScroll=${look}>
    <${Head} columns=${columns} shown=${shown} places=${places} gap=${gap} width=${width} firstShown=${firstShown} sorted=${sorted} descending=${descending} onSort=${onSort} onWidth=${onWidth} onMove=${onMove} />
    <div class="grid-body" role="rowgroup" style=${{ height: `${total * ROW}px`, width: `${width}px` }} onClick=${(/** @type {Event} */ event) => rowOf(event) >= 0 && onAt?.(rowOf(event))} onContextMenu=${menu} onDblClick=${twice}>${rows}</div>
  </div>`;
}

/** @param {GridColumn<any>} column @param {number} place @param {any} one @param {number} number @param {number} gap @param {number} left */
function cell(column, place, one, number, gap, left) {
  const content = column.cell(one, number);
  const text = typeof content === "string";
  return html`<div key=${column.id} role="cell" aria-colindex=${place + 1} data-column=${column.id} title=${text ? (column.told?.(one) ?? content) : undefined}
    class=${classes("grid-cell", text && "text", content === null && "text none", column.number && "number", column.fixed && "fixed")}
    style=${{ width: `${column.width}px`, "--left": column.fixed ? `${left}px` : undefined, marginLeft: gap ? `${gap}px` : undefined }}>${content === null ? "–" : content}</div>`;
}
