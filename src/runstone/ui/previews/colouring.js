/** Which parts of a line of code are comments, texts, numbers, words of the language. A reader's help, not a parser: what it takes wrongly is still there as text. */

/**
 * @typedef {{comment: RegExp | null, long: [string, string][], words: Set<string> | null, diff?: boolean}} Language
 *   comment: how one begins that goes on to the line's end; long: marks between which lines are all text or comment
 */

const words = (/** @type {string} */ text) => new Set(text.split(" "));
const PYTHON = words("False None True and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield self");
const BRACED = words("abstract async await auto bool break case catch char class const continue default delete do double else enum export extends extern false final finally float fn for from func function go if impl import in int interface let long match mod mut namespace new nil null package private protected pub public return self static struct super switch template this throw true try type typedef typename undefined union unsigned use using val var virtual void while yield");
const SHELL = words("if then else elif fi for in do done while until case esac function return exit export local set unset echo cd source");
const SQL = words("select from where and or not in is null join left right inner outer on group by order limit offset insert into values update set delete create table index view as distinct having union all case when then else end primary key");
const SETTING = words("true false null yes no on off none ~");

/** @type {[RegExp, Language][]} */
const LANGUAGES = [
  [/\.(py|pyi)$/i, { comment: /^#/, long: [['"""', '"""'], ["'''", "'''"]], words: PYTHON }],
  [/\.(js|mjs|ts|tsx|jsx|c|h|cc|cpp|hpp|cu|cuh|go|rs|java|kt|scala|swift|php|proto)$/i, { comment: /^\/\//, long: [["/*", "*/"]], words: BRACED }],
  [/\.(css|scss)$/i, { comment: null, long: [["/*", "*/"]], words: null }],
  [/\.(html?|xml|svg)$/i, { comment: null, long: [["<!--", "-->"]], words: null }],
  [/\.(sh|bash|zsh|env)$|(^|\/)(Makefile|Dockerfile)$/i, { comment: /^#/, long: [], words: SHELL }],
  [/\.sql$/i, { comment: /^--/, long: [["/*", "*/"]], words: SQL }],
  [/\.(ya?ml|toml|ini|cfg|conf|properties|json|jsonl)$|(^|\/)(MLmodel|MLproject)$/i, { comment: /^[#;]/, long: [], words: SETTING }],
  [/\.(r|jl|rb|lua)$/i, { comment: /^(#|--)/, long: [], words: PYTHON }],
  [/\.(diff|patch)$/i, { comment: null, long: [], words: null, diff: true }],
];
/** @type {Language} */
const PLAIN = { comment: null, long: [], words: null };

/** @param {string} path */
export const language = (path) => LANGUAGES.find(([ending]) => ending.test(path))?.[1] ?? PLAIN;

// One step: a text in quotes, a number, a word, or whatever else, a character at a time. Each alternative takes at least one character.
const STEP = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?|\b\d[\w.]*|[A-Za-z_]\w*|\s+|./gy;

/**
 * @param {string} line
 * @param {Language} spoken
 * @param {string} state what ends the long text or comment that an earlier line began; "" for none
 * @returns {{pieces: {kind: string, text: string}[], state: string}}
 */
export function pieces(line, spoken, state) {
  if (spoken.diff) return { pieces: [{ kind: /^@@/.test(line) ? "word" : /^\+/.test(line) ? "added" : /^-/.test(line) ? "removed" : "", text: line }], state };
  if (spoken === PLAIN) return { pieces: [{ kind: "", text: line }], state };
  /** @type {{kind: string, text: string}[]} */
  const found = [];
  /** @param {string} kind @param {string} text */
  const add = (kind, text) => {
    const last = found[found.length - 1];
    if (last && last.kind === kind) last.text += text;
    else if (text) found.push({ kind, text });
  };
  let at = 0;
  let within = state;
  while (at < line.length) {
    if (within) {
      const end = line.indexOf(within, at);
      const stop = end < 0 ? line.length : end + within.length;
      add("quoted", line.slice(at, stop));
      at = stop;
      if (end >= 0) within = "";
      continue;
    }
    const long = spoken.long.find(([begin]) => line.startsWith(begin, at));
    if (long) {
      add("quoted", long[0]);
      at += long[0].length;
      within = long[1];
      continue;
    }
    if (spoken.comment?.test(line.slice(at, at + 2))) {
      add("note", line.slice(at));
      break;
    }
    STEP.lastIndex = at;
    const step = STEP.exec(line)?.[0] ?? line[at];
    const kind = /^["'`]/.test(step) && spoken.words ? "quoted" : /^\d/.test(step) ? "digit" : spoken.words?.has(step) || spoken.words?.has(step.toLowerCase()) ? "word" : "";
    add(kind, step);
    at += step.length;
  }
  return { pieces: found, state: within };
}
