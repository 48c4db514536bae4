/** A Markdown text's first lines without its marks: what a list has room for. */

/** @param {string} note */
export const unmarked = (note) => note.slice(0, 1_000).replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/^\s*(#+|[-*>])\s+/gm, "").replace(/\n\s*\n/g, "\n").replace(/[*_`]{1,3}(\S[^*_`]*)[*_`]{1,3}/g, "$1").trim();
