/** A list that the server gives page by page: one page is there at a time, however long the list is. */

import { useAnswer } from "../ground/api.js";
import { counted } from "../ground/format.js";
import { html, useState } from "../ground/html.js";

/** Rows of a page. */
export const PAGE = 100;

/**
 * @template T
 * @typedef {{rows: T[], next?: string}} Page next: what the following page is asked for by
 */

/**
 * @template T
 * @param {unknown} key what the list depends on, compared by its JSON: another list begins at its first page
 * @param {(token: string | undefined, signal: AbortSignal) => Promise<Page<T>>} ask
 */
export function usePages(key, ask) {
  const told = JSON.stringify(key);
  const [state, setState] = useState({ told, tokens: [""] });
  const tokens = state.told === told ? state.tokens : [""];
  const token = tokens[tokens.length - 1];
  const { data, error, loading, again } = useAnswer([told, token], async (signal) => ({ first: (tokens.length - 1) * PAGE, ...(await ask(token || undefined, signal)) }));
  const next = data?.next;
  return {
    rows: data?.rows, first: data?.first ?? 0, more: Boolean(next), error, again,
    further: next && !loading ? () => setState({ told, tokens: [...tokens, next] }) : undefined,
    back: tokens.length > 1 && !loading ? () => setState({ told, tokens: tokens.slice(0, -1) }) : undefined,
  };
}

/** @typedef {ReturnType<typeof usePages<any>>} Pages */

/**
 * Beyond the last row, or before the first: the page there, where there is one. For useRows.
 * @param {Pages} pages
 * @returns {(by: 1 | -1) => boolean}
 */
export const turning = ({ further, back }) => (by) => {
  const turn = by > 0 ? further : back;
  turn?.();
  return turn !== undefined;
};

/** Which rows these are. @param {Pages} pages */
const stretch = ({ rows = [], first, more }) => `${(first + 1).toLocaleString("en")} to ${(first + rows.length).toLocaleString("en")}${more ? "" : ", the last"}`;

/** How many there are, as far as is known. @param {{pages: Pages, one: string}} props */
export function Extent({ pages, one }) {
  const { rows, first, more } = pages;
  if (!rows) return null;
  return html`${first > 0 || more ? stretch(pages) : counted(rows.length, one)}`;
}

/** Where there is more than a page. @param {{pages: Pages}} props */
export function Turner({ pages }) {
  const { rows, first, more, further, back } = pages;
  if (!rows || (first === 0 && !more)) return null;
  return html`<nav class="row inside-card" aria-label="Pages">
    <button type="button" disabled=${!back} onClick=${back}>‹ Previous</button>
    <button type="button" disabled=${!further} onClick=${further}>Next ›</button>
    <span class="quiet small">${stretch(pages)}</span>
  </nav>`;
}
