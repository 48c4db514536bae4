/** The head of a large table: sorts, is drawn wider, and takes columns to other places (drag them, or Alt with an arrow key). */

import { classes, html, useRef, useState } from "../ground/html.js";
import { whilePressed } from "./dragging.js";

const LEAST = 48;
const MOST = 900;

/**
 * @param {{
 *   columns: import("./grid.js").GridColumn<any>[], shown: number[], places: number[], gap: number, width: number, firstShown: number | undefined,
 *   sorted?: string, descending?: boolean, onSort?: (sort: string) => void, onWidth?: (id: string, width: number) => void,
 *   onMove?: (id: string, before: string | null) => void,
 * }} props
 */
export function Head({ columns, shown, places, gap, width, firstShown, sorted, descending, onSort, onWidth, onMove }) {
  const dragged = useRef("");
  const [over, setOver] = useState("");
  /** A column to the place of another, or before the one that follows where it comes from the left. @param {string} id @param {number} to */
  const move = (id, to) => {
    const from = columns.findIndex((column) => column.id === id);
    const target = columns[to];
    if (from < 0 || !target?.movable || from === to) return;
    onMove?.(id, from < to ? (columns[to + 1]?.id ?? null) : target.id);
  };
  /** @param {KeyboardEvent} event @param {number} place */
  const onKey = (event, place) => {
    if (!event.altKey || !columns[place].movable) return;
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (by === 0) return;
    event.preventDefault();
    move(columns[place].id, place + by);
  };
  // The whole head sorts; it is no button as a whole, for Firefox drags none.
  return html`<div class="grid-head" role="row" aria-rowindex="1" style=${{ width: `${width}px` }}>
    ${shown.map((place) => {
      const column = columns[place];
      const movable = column.movable && onMove;
      const sorts = column.sort && onSort;
      const mark = column.sort && column.sort === sorted ? html`<span aria-hidden="true">${descending ? "↓" : "↑"}</span>` : null;
      return html`<div key=${column.id} role="columnheader" aria-colindex=${place + 1} title=${column.label}
        class=${classes("grid-cell", column.number && "number", column.fixed && "fixed", sorts && "sorts", over === column.id && "over")}
        style=${{ width: `${column.width}px`, "--left": column.fixed ? `${places[place]}px` : undefined, marginLeft: place === firstShown && gap ? `${gap}px` : undefined }}
        onClick=${sorts ? (/** @type {MouseEvent} */ event) => event.target === event.currentTarget && onSort(/** @type {string} */ (column.sort)) : undefined}
        aria-sort=${mark ? (descending ? "descending" : "ascending") : undefined} draggable=${movable ? true : undefined}
        onDragStart=${(/** @type {DragEvent} */ event) => { dragged.current = column.id; event.dataTransfer?.setData("text/plain", column.id); }}
        onDragOver=${(/** @type {DragEvent} */ event) => { if (movable && dragged.current) { event.preventDefault(); setOver(column.id); } }}
        onDragLeave=${() => setOver("")} onDragEnd=${() => { dragged.current = ""; setOver(""); }}
        onDrop=${(/** @type {DragEvent} */ event) => { event.preventDefault(); move(dragged.current, place); dragged.current = ""; setOver(""); }}>
        ${sorts
          ? html`<button type="button" class="grid-sort cut" onClick=${() => onSort(/** @type {string} */ (column.sort))} onKeyDown=${(/** @type {KeyboardEvent} */ event) => onKey(event, place)}>${column.title}${mark}</button>`
          : html`<span class="cut">${column.title}</span>`}
        ${onWidth && column.id !== "pick" && html`<${Handle} width=${column.width} set=${(/** @type {number} */ wide) => onWidth(column.id, wide)} />`}
      </div>`;
    })}
  </div>`;
}

/** The edge of a column's head, which can be drawn. @param {{width: number, set: (width: number) => void}} props */
function Handle({ width, set }) {
  /** @param {PointerEvent} event */
  const take = (event) => {
    event.preventDefault();
    event.stopPropagation();
    const from = event.clientX;
    whilePressed((moved) => set(Math.max(LEAST, Math.min(MOST, width + moved.clientX - from))));
  };
  return html`<span class="grid-handle" aria-hidden="true" onPointerDown=${take} onDragStart=${(/** @type {Event} */ event) => event.preventDefault()} />`;
}
