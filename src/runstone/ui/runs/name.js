/** The cell of a run's name: what folds its children, its colour (which draws it or not), its name as a link or as a field, its menu. */

import { colour } from "../ground/colours.js";
import { html, useEffect, useRef } from "../ground/html.js";
import { link } from "../ground/route.js";

/** Pixels that a child stands in, and the depth below which it stands in no further. */
const INDENT = 16;
const DEEPEST = 6;

/**
 * @param {{
 *   run: import("./columns.js").Run, open?: boolean, onOpen?: () => void, drawn?: boolean, onDraw?: () => void,
 *   renaming?: boolean, rename?: (name: string | null) => void, menu?: (at: {x: number, y: number}) => void,
 * }} props
 *   onOpen: where the table is nested; onDraw: where there are charts beside it; rename: null gives up
 */
export function RunName({ run, open, onOpen, drawn, onDraw, renaming, rename, menu }) {
  const name = run.run_name || run.run_id;
  const dot = { color: colour(run.run_id, run.colour) };
  /** @param {any} event */
  const more = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    menu?.({ x: box.left, y: box.bottom + 2 });
  };
  return html`
    ${onOpen && html`<span class="indent" style=${{ width: `${Math.min(run.depth ?? 0, DEEPEST) * INDENT}px` }} />`}
    ${onOpen && ((run.children ?? 0) > 0
      ? html`<button type="button" class="plain fold" aria-expanded=${open} aria-label=${`${run.children} runs below ${name}`} title=${`${run.children} runs`} onClick=${onOpen}>${open ? "▾" : "▸"}</button>`
      : html`<span class="fold" />`)}
    ${onDraw
      ? html`<button type="button" class=${drawn ? "eye" : "eye off"} aria-pressed=${drawn} aria-label=${`Draw ${name}`} title=${drawn ? "Drawn: press to hide" : "Hidden: press to draw"} style=${dot} onClick=${onDraw} />`
      : html`<span class="dot" style=${dot} />`}
    ${renaming
      ? html`<${Field} name=${run.run_name} done=${rename} />`
      : html`<a class="cut" href=${link(["experiments", run.experiment_id, "runs", run.run_id])} title=${name}>${name}</a>`}
    ${onOpen && (run.children ?? 0) > 0 && html`<span class="tag">${run.children}</span>`}
    ${menu && !renaming && html`<button type="button" class="plain more" aria-label=${`What can be done with ${name}`} aria-haspopup="menu" onClick=${more}>⋯</button>`}`;
}

/** @param {{name: string, done?: (name: string | null) => void}} props */
function Field({ name, done }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const over = useRef(false);
  useEffect(() => field.current?.select(), []);
  /** @param {string | null} text */
  const end = (text) => {
    if (over.current) return;
    over.current = true;
    done?.(text && text.trim() && text.trim() !== name ? text.trim() : null);
  };
  return html`<input ref=${field} class="grow rename" aria-label="Name of the run" defaultValue=${name} autofocus
    onKeyDown=${(/** @type {any} */ event) => {
      event.stopPropagation();
      if (event.key === "Enter") end(event.target.value);
      if (event.key === "Escape") end(null);
    }} onBlur=${(/** @type {any} */ event) => end(event.target.value)} />`;
}
