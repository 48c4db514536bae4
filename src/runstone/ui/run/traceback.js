/** Where a text that a Python program wrote says how it ended. */

import { plain } from "../parts/ansi.js";

const BEGINS = /^(\s*(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\):)$/;
const CHAINED = /^(The above exception was the direct cause|During handling of the above exception)/;

/**
 * The last traceback of a text, those that it was caused by before it: its lines, and the exception itself.
 * @param {string} text
 * @returns {{whole: string, exception: string} | null}
 */
export function traceback(text) {
  const lines = text.split("\n").map((line) => plain(line).trimEnd());
  let start = lines.findLastIndex((line) => BEGINS.test(line));
  if (start < 0) return null;
  // Its frames are indented; the first line behind them that is not says what was raised.
  let end = start + 1;
  while (end < lines.length && (lines[end] === "" || /^\s/.test(lines[end]))) end += 1;
  const said = end;
  while (end < lines.length && lines[end] !== "" && end - said < 40) end += 1;
  const exception = lines.slice(said, end).join("\n");
  while (start > 0 && lines.slice(Math.max(0, start - 3), start).some((line) => CHAINED.test(line))) {
    const before = lines.slice(0, start).findLastIndex((line) => BEGINS.test(line));
    if (before < 0) break;
    start = before;
  }
  return exception ? { whole: lines.slice(start, end).join("\n"), exception } : null;
}
