/** What is meant by a filter that is none, and why one finds nothing. Knows no browser. */

const COMPARES = /[=<>]|\b(?:I?LIKE|RLIKE|IN|BETWEEN|IS)\b/i;
const NAMES = /^[`"']|^(?:attributes?|params?|parameters?|metrics?|tags?|datasets?|models?)\./i;
const ID = /^[0-9a-f]{32}$/;
/** Names of what runs log, as a filter has them. */
const KEYS = /\b(metrics?|params?|parameters?|tags?)\.(?:`([^`]+)`|"([^"]+)"|([\w./-]+))/gi;
const SHOWS = /\.(?:last|min|max|first|count)$/;

/**
 * Words that compare nothing are a part of a run's name, or its id.
 * @param {string} text
 */
export function meant(text) {
  const words = text.trim();
  if (words === "" || COMPARES.test(words) || NAMES.test(words)) return words;
  if (ID.test(words)) return `attributes.run_id = '${words}'`;
  if (words.includes("'") && words.includes('"')) return words;
  return `attributes.run_name ILIKE ${words.includes("'") ? `"%${words}%"` : `'%${words}%'`}`;
}

/**
 * Names of a filter that no run has: mistyped, most likely.
 * @param {string} filter
 * @param {import("./columns.js").Keys} keys all that there are
 * @returns {string[]}
 */
export function unknown(filter, keys) {
  const lists = { metric: keys.metrics, param: keys.params, tag: keys.tags };
  /** @type {Set<string>} */
  const found = new Set();
  // What is compared with may look like a name.
  for (const [told, entity, ...spelt] of filter.replace(/(?<![.\w`"'])(?:'[^']*'|"[^"]*")/g, "''").matchAll(KEYS)) {
    const kind = /** @type {keyof typeof lists} */ (/^[mt]/i.test(entity) ? entity.toLowerCase().replace(/s$/, "") : "param");
    const key = spelt.find((one) => one !== undefined) ?? "";
    const named = new Set(lists[kind].map((one) => one.key));
    if (!named.has(key) && !(kind === "metric" && named.has(key.replace(SHOWS, ""))) && !key.startsWith("mlflow.")) found.add(told);
  }
  return [...found];
}
