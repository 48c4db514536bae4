/**
 * Texts in code that is copied: whoever pastes a line must have read it, and runs nothing else by it. So what cannot be seen (what a terminal obeys,
 * what turns the order of letters, what has no width) is written by its number. Knows nothing of how it looks.
 */

/** What a terminal takes for an order. */
const ORDERS = /[\x00-\x1f\x7f-\x9f]/;
/** Beside it what is not seen, or turns what is. */
const UNSEEN = /[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|\udb40[\udc00-\udfff]/;
const ALL_UNSEEN = new RegExp(UNSEEN, "g");

/** Whether every letter of a text is seen where it stands. @param {string} text */
export const seen = (text) => !UNSEEN.test(text);

/** A text on one line, without what a terminal would obey. @param {string} text */
export const flat = (text) => text.replace(new RegExp(`${ORDERS.source}+`, "g"), " ");

/** JSON in which every character can be seen. @param {unknown} value */
export const json = (value) => JSON.stringify(value).replace(ALL_UNSEEN, (one) => one.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""));

/** A text as Python has it: JSON's form is one of Python's, but for letters that are two halves. @param {string} text */
export const python = (text) => json(text).replace(/\\udb40\\u(d[c-f][0-9a-f]{2})/g, (_, low) => `\\U${(0xe0000 + Number.parseInt(low, 16) - 0xdc00).toString(16).padStart(8, "0")}`);

/** A text as a shell takes it for one word. (Newlines at its end, which no name has, are lost where it holds what is not seen.) @param {string} text */
export function shell(text) {
  if (seen(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const bytes = [...new TextEncoder().encode(text)];
  return `"$(printf '${bytes.map((one) => (/[\w.,:/@+= ]/.test(String.fromCharCode(one)) && one < 127 ? String.fromCharCode(one) : `\\${one.toString(8).padStart(3, "0")}`)).join("")}')"`;
}

/** The same, without quotes where none are needed. @param {string} text */
export const word = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : shell(text));
