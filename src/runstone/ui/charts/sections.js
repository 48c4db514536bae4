/** Which charts a board shows, and in which order. Knows no browser. */

/**
 * Metrics by sections: what is pinned, the parts of names before the first "/", system metrics at the end. Sections of a few stand together,
 * but the machine's never with what is measured of a training.
 * @param {string[]} keys
 * @param {import("./layout.js").Layout} laid
 * @returns {{name: string, keys: string[]}[]}
 */
export function sections(keys, { pinned, hidden, order }) {
  const known = new Set(keys);
  const placed = new Map(order.map((key, at) => [key, at]));
  /** @param {string} one @param {string} other */
  const before = (one, other) => (placed.get(one) ?? Infinity) - (placed.get(other) ?? Infinity) || 0;
  const sorted = keys.filter((key) => !hidden.includes(key) && !pinned.includes(key)).sort(before);
  /** @type {Map<string, string[]>} */
  const found = new Map();
  for (const key of sorted) {
    const at = key.indexOf("/");
    const name = at > 0 ? key.slice(0, at) : "";
    const some = found.get(name);
    if (some) some.push(key);
    else found.set(name, [key]);
  }
  const all = [...found].sort(([one], [other]) => Number(one === "system") - Number(other === "system") || one.localeCompare(other));
  const alone = (/** @type {[string, string[]]} */ [name, some]) => some.length > FEW || name === "system";
  const small = all.filter((one) => !alone(one)).flatMap(([, some]) => some).sort(before);
  return [
    { name: "Pinned", keys: pinned.filter((key) => known.has(key)) },
    { name: "", keys: small },
    ...all.filter(alone).map(([name, some]) => ({ name: name || "other", keys: some })),
  ].filter((section) => section.keys.length > 0);
}

/** Charts of a section that needs no heading of its own. */
const FEW = 3;

/**
 * Whether a name fits what is looked for.
 * @param {string} text a regular expression
 * @returns {(key: string) => boolean}
 */
export function fits(text) {
  try {
    const pattern = new RegExp(text, "i");
    return (key) => pattern.test(key);
  } catch {
    return (key) => key.toLowerCase().includes(text.toLowerCase()); // no pattern yet: a part of the name
  }
}
