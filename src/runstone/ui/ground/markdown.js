/**
 * Markdown as plain data: a sane part of it (headings, lists, quotes, code, tables, emphasis, links). Markup stays the text that it is, links lead to
 * http(s) or within the page only, and no text takes more than its length.
 */

/**
 * @typedef {{kind: "text", text: string} | {kind: "code", text: string} | {kind: "break"} | {kind: "strong" | "em" | "del", inside: Inline[]} | {kind: "link", href: string, inside: Inline[]}} Inline
 * @typedef {{task?: boolean, inside: Block[]}} Item
 * @typedef {{kind: "heading", level: number, inside: Inline[]} | {kind: "paragraph", inside: Inline[]} | {kind: "code", language: string, text: string} | {kind: "quote", inside: Block[]}
 *   | {kind: "list", ordered: boolean, start: number, items: Item[]} | {kind: "table", head: Inline[][], rows: Inline[][][], align: string[]} | {kind: "rule"}} Block
 */

/** How deep things lie in things; what lies deeper is text. */
const DEEPEST = 8;

const FENCE = /^ {0,3}(`{3,}(?!`)|~{3,}(?!~))([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,7})([-*+]|\d{1,9}[.)])(?:[ \t]+(.*))?$/;
const DELIMITERS = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/**
 * @param {string} text
 * @returns {Block[]}
 */
export const parse = (text) => blocks(text.replace(/\r\n?/g, "\n").replaceAll("\t", "    ").split("\n"), 0);

/**
 * @param {string[]} lines
 * @param {number} depth
 * @returns {Block[]}
 */
function blocks(lines, depth) {
  /** @type {Block[]} */
  const found = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    let match;
    if (line.trim() === "") at += 1;
    else if ((match = FENCE.exec(line))) {
      const [, fence, about] = match;
      let end = at + 1;
      while (end < lines.length && !(lines[end].trim().startsWith(fence) && /^[`~]+$/.test(lines[end].trim()))) end += 1;
      found.push({ kind: "code", language: about.trim(), text: lines.slice(at + 1, end).join("\n") });
      at = end + 1;
    } else if ((match = HEADING.exec(line))) {
      found.push({ kind: "heading", level: match[1].length, inside: inline(titled(match[2] ?? "")) });
      at += 1;
    } else if (RULE.test(line)) {
      found.push({ kind: "rule" });
      at += 1;
    } else if (QUOTE.test(line) && depth < DEEPEST) {
      let end = at;
      while (end < lines.length && QUOTE.test(lines[end])) end += 1;
      found.push({ kind: "quote", inside: blocks(lines.slice(at, end).map((one) => one.replace(QUOTE, "")), depth + 1) });
      at = end;
    } else if (ITEM.test(line) && depth < DEEPEST) {
      const [list, end] = listed(lines, at, depth);
      found.push(list);
      at = end;
    } else if (line.includes("|") && delimits(lines[at + 1] ?? "")) {
      let end = at + 2;
      while (end < lines.length && lines[end].includes("|")) end += 1;
      const align = cells(lines[at + 1]).map((one) => (/^:.*:$/.test(one) ? "center" : one.endsWith(":") ? "right" : "left"));
      const row = (/** @type {string} */ one) => cells(one).slice(0, align.length).map(inlineOf);
      found.push({ kind: "table", head: row(line), rows: lines.slice(at + 2, end).map(row), align });
      at = end;
    } else {
      let end = at + 1;
      while (end < lines.length && lines[end].trim() !== "" && !begins(lines[end])) end += 1;
      found.push({ kind: "paragraph", inside: inline(lines.slice(at, end).map((one) => one.trimStart()).join("\n").trimEnd()) });
      at = end;
    }
  }
  return found;
}

/** A heading without the # that may stand behind it, too. @param {string} text */
function titled(text) {
  const whole = text.trimEnd();
  let end = whole.length;
  while (whole[end - 1] === "#") end -= 1;
  return end === 0 || whole[end - 1] === " " ? whole.slice(0, end).trimEnd() : whole;
}

/** Whether a line stands between a table's head and its rows. @param {string} line */
const delimits = (line) => line.length < 2_000 && DELIMITERS.test(line);

/** Whether a line ends the paragraph above it. @param {string} line */
const begins = (line) => FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || /^ {0,3}(?:[-*+]|1[.)]) +\S/.test(line);

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {number} depth
 * @returns {[Block, number]} the list, and the line behind it
 */
function listed(lines, at, depth) {
  const first = /** @type {RegExpExecArray} */ (ITEM.exec(lines[at]));
  const ordered = /\d/.test(first[2]);
  /** @type {Item[]} */
  const items = [];
  while (at < lines.length) {
    const match = ITEM.exec(lines[at]);
    if (!match || /\d/.test(match[2]) !== ordered || match[1].length > first[1].length + 1) break;
    const indent = match[1].length + match[2].length + 1;
    const own = [match[3] ?? ""];
    at += 1;
    while (at < lines.length) {
      const blank = lines[at].trim() === "";
      const deeper = lines[at].search(/\S/) >= Math.min(indent, match[1].length + 2);
      if (blank ? (lines[at + 1] ?? "").search(/\S/) < match[1].length + 2 : !deeper && (ITEM.test(lines[at]) || begins(lines[at]) || lines[at - 1].trim() === "")) break;
      own.push(lines[at].slice(Math.min(indent, Math.max(0, lines[at].search(/\S/)))));
      at += 1;
    }
    const task = /^\[([ xX])\] /.exec(own[0]);
    if (task) own[0] = own[0].slice(4);
    items.push({ ...(task ? { task: task[1] !== " " } : {}), inside: blocks(own, depth + 1) });
    while (at < lines.length && lines[at].trim() === "" && ITEM.test(lines[at + 1] ?? "")) at += 1;
  }
  return [{ kind: "list", ordered, start: ordered ? Number.parseInt(first[2], 10) : 1, items }, at];
}

/** @param {string} line */
const cells = (line) => line.trim().replace(/^\|/, "").replace(/\|$/, "").split("|").map((one) => one.trim());

/** @param {string} text */
const inlineOf = (text) => inline(text);

const LINK = /!?\[((?:[^[\]\\]|\\.)*)\]\( ?<?([^\s()<>]+)>?(?: {1,3}["'][^"')]*["'])? ?\)/y;
const BARE = /https?:\/\/[^\s<>"'`]+/y;
/** @type {[string, "strong" | "em" | "del"][]} */
const MARKS = [["**", "strong"], ["__", "strong"], ["~~", "del"], ["*", "em"], ["_", "em"]];

/**
 * @param {string} text
 * @param {number} [depth]
 * @returns {Inline[]}
 */
function inline(text, depth = 0) {
  /** @type {Inline[]} */
  const found = [];
  let letters = "";
  /** @param {Inline} one */
  const add = (one) => {
    if (letters) found.push({ kind: "text", text: letters });
    letters = "";
    found.push(one);
  };
  /** Marks that do not come again: looked for once. */
  const missing = new Set();
  let at = 0;
  next: while (at < text.length) {
    const letter = text[at];
    if (letter === "\\" && /[!-/:-@[-`{-~]/.test(text[at + 1] ?? "")) {
      letters += text[at + 1];
      at += 2;
    } else if (letter === "\n") {
      const hard = letters.endsWith("  ") || letters.endsWith("\\");
      letters = letters.endsWith("\\") ? letters.slice(0, -1) : letters.trimEnd();
      if (hard) add({ kind: "break" });
      else letters += "\n";
      at += 1;
    } else if (letter === "`") {
      let run = 1;
      while (text[at + run] === "`") run += 1;
      const mark = "`".repeat(run);
      const end = missing.has(mark) ? -1 : text.indexOf(mark, at + run);
      if (end < 0) {
        missing.add(mark);
        letters += mark;
        at += run;
      } else {
        add({ kind: "code", text: text.slice(at + run, end).replaceAll("\n", " ").replace(/^ (.*) $/, "$1") });
        at = end + run;
      }
    } else if (letter === "[" || (letter === "!" && text[at + 1] === "[")) {
      LINK.lastIndex = at;
      const match = depth < DEEPEST ? LINK.exec(text) : null;
      if (match) {
        const href = safe(match[2]);
        const inside = inline(match[1] || match[2], depth + 1);
        if (href) add({ kind: "link", href, inside });
        else for (const one of inside) add(one);
        at += match[0].length;
      } else {
        letters += letter;
        at += 1;
      }
    } else if (letter === "h" && (text.startsWith("https://", at) || text.startsWith("http://", at)) && !/\w/.test(text[at - 1] ?? "")) {
      BARE.lastIndex = at;
      let href = BARE.exec(text)?.[0] ?? "";
      while (href && ".,;:!?)]".includes(/** @type {string} */ (href.at(-1)))) href = href.slice(0, -1);
      if (safe(href)) add({ kind: "link", href, inside: [{ kind: "text", text: href }] });
      else letters += letter;
      at += safe(href) ? href.length : 1;
    } else {
      for (const [mark, kind] of MARKS) {
        if (!text.startsWith(mark, at) || missing.has(mark) || depth >= DEEPEST) continue;
        const start = at + mark.length;
        if (/\s/.test(text[start] ?? " ") || (mark[0] === "_" && /\w/.test(text[at - 1] ?? ""))) continue;
        const end = closing(text, mark, start);
        if (end < 0) {
          missing.add(mark);
          continue;
        }
        add({ kind, inside: inline(text.slice(start, end), depth + 1) });
        at = end + mark.length;
        continue next;
      }
      letters += letter;
      at += 1;
    }
  }
  if (letters) found.push({ kind: "text", text: letters });
  return found;
}

/** Where what a mark opened is closed; -1 for nowhere. @param {string} text @param {string} mark @param {number} start */
function closing(text, mark, start) {
  for (let end = text.indexOf(mark, start + 1); end >= 0; end = text.indexOf(mark, end + 1)) {
    const single = mark.length > 1 || (text[end + 1] !== mark && text[end - 1] !== mark);
    if (single && !/\s/.test(text[end - 1]) && !(mark[0] === "_" && /\w/.test(text[end + mark.length] ?? ""))) return end;
  }
  return -1;
}

/** An address that may be gone to; "" for any other. @param {string} href */
export function safe(href) {
  if (href.startsWith("#")) return href;
  return /^https?:\/\//i.test(href) && URL.canParse(href) ? href : "";
}
