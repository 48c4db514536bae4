/**
 * A table of any number of rows: only those that can be seen are there. Rows come in windows of a hundred from whoever has them; until they have
 * come their places are held by bones, so that nothing jumps.
 */

import { classes, html, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../ground/html.js";

export const ROW = 30;
const HEAD = 32;
/** Rows that are drawn beyond what can be seen, so that a turn of the wheel shows no empty ones. */
const BEYOND = 12;
/** The window is moved by so many rows at a time: fewer renderings. */
const STEP = 6;
const PAGE = 100;
/** A scroll that goes on is waited for: what flies by is not asked for. */
const CALM = 70;

/**
 * @template R
 * @typedef {{id: string, title: any, label?: string, width: number, number?: boolean, fixed?: boolean, sort?: string, cell: (row: R, at: number) => any}} GridColumn
 */

/**
 * The rows of a long list, as far as they have come, a hundred at a time.
 * @template R
 * @param {unknown} key what the list is: when it changes, everything is asked for anew, and the old rows stay until then
 * @param {(offset: number, limit: number, signal: AbortSignal) => Promise<{rows: R[], total: number}>} ask
 */
export function useWindows(key, ask) {
  const told = JSON.stringify(key);
  const [state, setState] = useState(/** @type {{pages: Map<number, R[]>, total: number | undefined, error?: Error, told: string}} */ ({ pages: new Map(), total: undefined, told: "" }));
  const asking = useRef(ask);
  asking.current = ask;
  const current = useRef({ told, under: new Map(), wanted: /** @type {[number, number]} */ ([0, 0]) });
  const fetchPage = useCallback((/** @type {number} */ number, /** @type {boolean} */ anew) => {
    const now = current.current;
    if (now.under.has(number)) return;
    const giveUp = new AbortController();
    now.under.set(number, giveUp);
    const mine = now.told;
    asking.current(number * PAGE, PAGE, giveUp.signal).then(
      ({ rows, total }) => {
        if (current.current.told !== mine) return;
        now.under.delete(number);
        setState((before) => {
          const pages = before.told === mine && !anew ? new Map(before.pages) : new Map();
          pages.set(number, rows);
          return { pages, total, told: mine };
        });
      },
      (error) => {
        if (current.current.told !== mine || giveUp.signal.aborted) return;
        now.under.delete(number);
        setState((before) => ({ ...before, error }));
      },
    );
  }, []);
  useEffect(() => {
    for (const giveUp of current.current.under.values()) giveUp.abort();
    current.current = { told, under: new Map(), wanted: [0, 0] };
    setState((before) => ({ ...before, error: undefined }));
    fetchPage(0, true);
  }, [told]);
  const want = useCallback((/** @type {number} */ first, /** @type {number} */ last) => {
    current.current.wanted = [first, last];
    setState((before) => {
      if (before.told === current.current.told) {
        for (let number = Math.floor(first / PAGE); number <= Math.floor(last / PAGE); number += 1) {
          if (!before.pages.has(number)) queueMicrotask(() => fetchPage(number, false));
        }
      }
      return before;
    });
  }, []);
  const row = useCallback((/** @type {number} */ at) => state.pages.get(Math.floor(at / PAGE))?.[at % PAGE], [state.pages]);
  return { row, total: state.total, error: state.error, want, loaded: state.pages };
}

/**
 * @template R
 * @param {{
 *   label: string, columns: GridColumn<R>[], total: number, row: (at: number) => R | undefined, want: (first: number, last: number) => void,
 *   sorted?: string, descending?: boolean, onSort?: (sort: string) => void, onWidth?: (id: string, width: number) => void,
 *   at?: number, onAt?: (at: number) => void, rowClass?: (row: R) => string, height?: string,
 * }} props
 */
export function Grid({ label, columns, total, row, want, sorted, descending, onSort, onWidth, at, onAt, rowClass, height = "100%" }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [range, setRange] = useState(/** @type {[number, number]} */ ([0, 40]));
  const waiting = useRef(0);

  const look = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const first = Math.max(0, Math.floor(element.scrollTop / ROW) - BEYOND);
    const seen = Math.ceil(element.clientHeight / ROW) + 2 * BEYOND;
    const start = first - (first % STEP);
    setRange((before) => (before[0] === start && before[1] === start + seen + STEP ? before : [start, start + seen + STEP]));
    window.clearTimeout(waiting.current);
    waiting.current = window.setTimeout(() => want(first, Math.max(0, first + seen)), CALM);
  }, [want]);
  useLayoutEffect(look, [total, look]);
  useEffect(() => {
    const watch = new ResizeObserver(look);
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, [look]);

  // What the keyboard is at stays in sight.
  useEffect(() => {
    const element = box.current;
    if (!element || at === undefined || at < 0) return;
    const top = at * ROW;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW + HEAD > element.scrollTop + element.clientHeight) element.scrollTop = top + ROW + HEAD - element.clientHeight;
  }, [at]);

  const places = useMemo(() => {
    let left = 0;
    return columns.map((column) => {
      const place = left;
      if (column.fixed) left += column.width;
      return place;
    });
  }, [columns]);
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  /** @param {GridColumn<any>} column @param {number} number */
  const style = (column, number) => ({ width: `${column.width}px`, left: column.fixed ? `${places[number]}px` : undefined });

  const rows = [];
  for (let number = range[0]; number < Math.min(range[1], total); number += 1) {
    const one = row(number);
    rows.push(
      html`<div key=${number % 512} role="row" aria-rowindex=${number + 2} class=${classes("grid-row", number === at && "at", one && rowClass?.(one))}
        style=${{ transform: `translateY(${number * ROW}px)`, width: `${width}px` }} onClick=${() => onAt?.(number)}>
        ${columns.map(
          (column, place) => html`<div key=${column.id} role="cell" class=${classes("grid-cell", column.number && "number", column.fixed && "fixed")} style=${style(column, place)}>
            ${one === undefined ? html`<span class="bone" />` : column.cell(one, number)}
          </div>`,
        )}
      </div>`,
    );
  }
  return html`<div class="grid" ref=${box} role="table" aria-label=${label} aria-rowcount=${total + 1} aria-colcount=${columns.length} tabindex="0" style=${{ height }} onScroll=${look}>
    <div class="grid-head" role="row" aria-rowindex="1" style=${{ width: `${width}px` }}>
      ${columns.map(
        (column, place) => html`<div key=${column.id} role="columnheader" class=${classes("grid-cell", column.number && "number", column.fixed && "fixed")} style=${style(column, place)}
          aria-sort=${column.sort && column.sort === sorted ? (descending ? "descending" : "ascending") : undefined} title=${column.label}>
          ${column.sort && onSort
            ? html`<button type="button" class="grid-sort cut" onClick=${() => onSort(/** @type {string} */ (column.sort))}>${column.title}${column.sort === sorted && html`<span aria-hidden="true">${descending ? "↓" : "↑"}</span>`}</button>`
            : html`<span class="cut">${column.title}</span>`}
          ${onWidth && html`<${Handle} width=${column.width} set=${(/** @type {number} */ wide) => onWidth(column.id, wide)} />`}
        </div>`,
      )}
    </div>
    <div class="grid-body" role="rowgroup" style=${{ height: `${total * ROW}px`, width: `${width}px` }}>${rows}</div>
  </div>`;
}

/** The edge of a column's head, which can be drawn. @param {{width: number, set: (width: number) => void}} props */
function Handle({ width, set }) {
  /** @param {PointerEvent} event */
  const take = (event) => {
    event.preventDefault();
    event.stopPropagation();
    const from = event.clientX;
    /** @param {PointerEvent} moved */
    const move = (moved) => set(Math.max(48, Math.min(900, width + moved.clientX - from)));
    const done = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", done);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", done);
  };
  return html`<span class="grid-handle" aria-hidden="true" onPointerDown=${take} />`;
}
