/** What terminals are told between the letters: colours become pieces of text with an ink, everything else is left out. Never markup. */

/**
 * How a piece is written: a colour's number of the sixteen, or a colour as CSS says it.
 * @typedef {{front?: number | string, back?: number | string, bold?: boolean, faint?: boolean, italic?: boolean, under?: boolean, turned?: boolean}} Ink
 * @typedef {{text: string, ink: Ink}} Piece
 */

/** @type {Ink} */
export const PLAIN = Object.freeze({});

// Colours (m) and other orders (CSI), titles and links (OSC), other strings, orders of two letters; then what else is no letter.
// Each alternative ends at the next escape, so that no line takes more than its length.
const ORDERS = /\x1b\[([0-9;:?<=>!]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f]/g;

/** Whether a line holds more than letters. @param {string} line */
const ordered = (line) => /[\x00-\x08\x0b-\x1f\x7f]/.test(line);

/** A line's letters alone. @param {string} line */
export const plain = (line) => (ordered(line) ? line.replace(ORDERS, "") : line);

/**
 * A line in pieces.
 * @param {string} line
 * @param {Ink} [ink] the ink that the line before ended with
 * @returns {{pieces: Piece[], ink: Ink}} the ink is the one that it ends with
 */
export function inked(line, ink = PLAIN) {
  if (!ordered(line)) return { pieces: line ? [{ text: line, ink }] : [], ink };
  /** @type {Piece[]} */
  const pieces = [];
  let from = 0;
  const keep = (/** @type {number} */ to) => {
    if (to > from) pieces.push({ text: line.slice(from, to), ink });
  };
  for (const order of line.matchAll(ORDERS)) {
    keep(order.index);
    from = order.index + order[0].length;
    if (order[2] === "m") ink = mixed(ink, order[1]);
  }
  keep(line.length);
  return { pieces, ink };
}

/**
 * @param {Ink} ink
 * @param {string} told numbers apart by ; (or by : within a colour)
 * @returns {Ink}
 */
function mixed(ink, told) {
  const numbers = told.split(/[;:]/).map((one) => Number(one || 0));
  let now = { ...ink };
  for (let at = 0; at < numbers.length; at += 1) {
    const one = numbers[at];
    if (one === 0) now = {};
    else if (one === 1) now.bold = true;
    else if (one === 2) now.faint = true;
    else if (one === 3) now.italic = true;
    else if (one === 4) now.under = true;
    else if (one === 7) now.turned = true;
    else if (one === 22) now.bold = now.faint = false;
    else if (one === 23) now.italic = false;
    else if (one === 24) now.under = false;
    else if (one === 27) now.turned = false;
    else if (one >= 30 && one <= 37) now.front = one - 30;
    else if (one >= 90 && one <= 97) now.front = one - 82;
    else if (one >= 40 && one <= 47) now.back = one - 40;
    else if (one >= 100 && one <= 107) now.back = one - 92;
    else if (one === 39) now.front = undefined;
    else if (one === 49) now.back = undefined;
    else if (one === 38 || one === 48) {
      const colour = numbers[at + 1] === 5 ? ofPalette(numbers[at + 2]) : numbers[at + 1] === 2 ? rgb(numbers.slice(at + 2, at + 5)) : undefined;
      if (one === 38) now.front = colour;
      else now.back = colour;
      at += numbers[at + 1] === 5 ? 2 : 4;
    }
  }
  return Object.values(now).some((value) => value !== undefined && value !== false) ? now : PLAIN;
}

/** One of 256: the sixteen, a cube of 6 x 6 x 6, greys. @param {number | undefined} number */
function ofPalette(number) {
  if (number === undefined || !(number >= 0 && number <= 255)) return undefined;
  if (number < 16) return number;
  if (number >= 232) return rgb([8 + 10 * (number - 232), 8 + 10 * (number - 232), 8 + 10 * (number - 232)]);
  const cube = number - 16;
  return rgb([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((step) => (step ? 55 + 40 * step : 0)));
}

/** @param {number[]} parts */
const rgb = (parts) => (parts.length === 3 && parts.every((part) => part >= 0 && part <= 255) ? `rgb(${parts.map(Math.round).join(" ")})` : undefined);

/**
 * A stretch of some pieces.
 * @param {Piece[]} pieces
 * @param {number} start first character
 * @param {number} end the one behind the last
 */
export function stretch(pieces, start, end) {
  /** @type {Piece[]} */
  const found = [];
  let at = 0;
  for (const { text, ink } of pieces) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, text.length);
    if (from < to) found.push({ text: text.slice(from, to), ink });
    at += text.length;
  }
  return found;
}
