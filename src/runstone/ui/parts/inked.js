/** Pieces of inked text as elements, what was searched for marked. */

import { classes, html } from "../ground/html.js";
import { stretch } from "./ansi.js";

/** @typedef {import("./ansi.js").Piece} Piece */

/**
 * A function and no component: lines by the dozen are drawn in each frame of a scroll.
 * @param {Piece[]} pieces
 * @param {[number, number][]} marks stretches (first character, the one behind the last), in order
 * @returns {any[]}
 */
export function elements(pieces, marks) {
  if (marks.length === 0) return pieces.map(drawn);
  const parts = [];
  let at = 0;
  for (const [start, end] of marks) {
    parts.push(...stretch(pieces, at, start).map(drawn));
    parts.push(html`<mark>${stretch(pieces, start, end).map(drawn)}</mark>`);
    at = end;
  }
  parts.push(...stretch(pieces, at, Infinity).map(drawn));
  return parts;
}

/** @param {Piece} piece */
function drawn({ text, ink }) {
  if (Object.keys(ink).length === 0) return text;
  const [front, back] = ink.turned ? [ink.back ?? "ground", ink.front ?? "text"] : [ink.front, ink.back];
  const name = classes(
    ink.bold && "ink-bold", ink.faint && "ink-faint", ink.italic && "ink-italic", ink.under && "ink-under",
    named(front) && `ink-${front}`, named(back) && `ink-on-${back}`,
  );
  return html`<span class=${name} style=${{ color: own(front), backgroundColor: own(back) }}>${text}</span>`;
}

/** One of the style sheet's, light or dark. @param {number | string | undefined} colour */
const named = (colour) => colour !== undefined && !String(colour).startsWith("rgb");

/** @param {number | string | undefined} colour */
const own = (colour) => (colour === undefined || named(colour) ? undefined : String(colour));
