/** Which cells of a notebook are drawn, and how far: bounds over all of it, for each cell may be as long as one may be. Knows no browser. */

/** Cells, and letters of all of them together. Some ten thousand of code are an element each for the browser. */
const CELLS = 400;
const LETTERS = 2_000_000;
/** Letters of code that are coloured and of markdown that are read as such: of one cell, and of all together. */
const COLOURED = 20_000;
const ALL_COLOURED = 200_000;

/** Text as notebooks have it: one, or a list of lines. @param {any} value */
export const joined = (value) => (Array.isArray(value) ? value.filter((one) => typeof one === "string").join("") : typeof value === "string" ? value : "");

/**
 * The cells that are drawn; `plain`: as text without colours.
 * @param {any[]} cells
 * @returns {{cell: any, source: string, plain: boolean}[]}
 */
export function drawn(cells) {
  const found = [];
  let letters = 0;
  let coloured = 0;
  for (const cell of cells.slice(0, CELLS)) {
    const source = joined(cell.source);
    letters += source.length + (Array.isArray(cell.outputs) && cell.outputs.length > 0 ? JSON.stringify(cell.outputs.map(told)).length : 0);
    if (found.length > 0 && letters > LETTERS) break;
    const plain = source.length > COLOURED || coloured + source.length > ALL_COLOURED;
    if (!plain) coloured += source.length;
    found.push({ cell, source, plain });
  }
  return found;
}

/** What of an output is text. @param {any} output */
const told = (output) => [output?.text, output?.traceback, output?.data?.["text/plain"], output?.data?.["text/markdown"], output?.data?.["text/latex"]];
