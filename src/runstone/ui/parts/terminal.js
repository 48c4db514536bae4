/**
 * What was written to a terminal, as the lines that it would have left. A progress bar writes its line again and again behind a carriage return: its
 * last state is the line.
 */

import { inked, PLAIN, plain } from "./ansi.js";

/** Lines that are held; of more, the first are left out. A longer line is cut into several. */
const MOST = 500_000;
const LONGEST = 4_000;

/** Lines, as they come. */
export class Lines {
  constructor() {
    /** @type {string[]} */
    this.all = [];
    /** How many characters of each are seen. @type {number[]} */
    this.widths = [];
    this.widest = 0;
    /** How many were left out at the beginning. */
    this.dropped = 0;
    this.rest = "";
    /** The ink that lines begin with, where it is not plain. @type {Map<number, import("./ansi.js").Ink>} */
    this.inks = new Map();
    this.ink = PLAIN;
    /** Lines as they are searched, from the first search on. @type {string[]} */
    this.small = [];
  }

  /** @param {string} text */
  add(text) {
    const parts = (this.rest + text).split("\n");
    this.rest = folded(/** @type {string} */ (parts.pop()), true);
    for (const part of parts) this.push(folded(part, false));
    if (this.all.length > MOST) this.drop(this.all.length - MOST);
  }

  /** @param {string} line */
  push(line) {
    for (let from = 0; from === 0 || from < line.length; from += LONGEST) {
      const part = line.length > LONGEST ? line.slice(from, from + LONGEST) : line;
      if (this.ink !== PLAIN) this.inks.set(this.dropped + this.all.length, this.ink);
      if (part.includes("\x1b")) this.ink = inked(part, this.ink).ink;
      const width = plain(part).length;
      this.all.push(part);
      this.widths.push(width);
      if (width > this.widest) this.widest = width;
    }
  }

  /** @param {number} count */
  drop(count) {
    this.all.splice(0, count);
    this.widths.splice(0, count);
    this.small.splice(0, count);
    for (let at = this.dropped; at < this.dropped + count; at += 1) this.inks.delete(at);
    this.dropped += count;
  }

  /** How many there are, the one that is not finished too. */
  get count() {
    return this.all.length + (this.rest ? 1 : 0);
  }

  /** @param {number} at */
  text(at) {
    return at < this.all.length ? this.all[at] : folded(this.rest, false).slice(0, LONGEST);
  }

  /** A line's letters, small ones. @param {number} at */
  lowered(at) {
    if (at >= this.all.length) return plain(this.text(at)).toLowerCase();
    return (this.small[at] ??= plain(this.all[at]).toLowerCase());
  }

  /** @param {number} at */
  width(at) {
    return at < this.all.length ? this.widths[at] : plain(this.text(at)).length;
  }

  /** @param {number} at */
  pieces(at) {
    return inked(this.text(at), at < this.all.length ? this.inks.get(this.dropped + at) : this.ink).pieces;
  }
}

/**
 * What a line that was written over shows: the last that was written. While it is open, a return at its end is kept: what follows decides.
 * @param {string} line
 * @param {boolean} open
 */
export function folded(line, open) {
  if (!line.includes("\r")) return line;
  const parts = line.split("\r");
  const last = parts.findLast((part) => part !== "") ?? "";
  return open && line.endsWith("\r") ? `${last}\r` : last;
}
