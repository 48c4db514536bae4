/** In which order a board shows its charts. Knows no browser. */

/**
 * Metrics by sections: what is pinned, the parts of names before the first "/", system metrics at the end. Sections of a few stand together.
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
  const small = all.filter(([, some]) => some.length <= FEW).flatMap(([, some]) => some).sort(before);
  return [
    { name: "Pinned", keys: pinned.filter((key) => known.has(key)) },
    { name: "", keys: small },
    ...all.filter(([, some]) => some.length > FEW).map(([name, some]) => ({ name: name || "other", keys: some })),
  ].filter((section) => section.keys.length > 0);
}

/** Charts of a section that needs no heading of its own. */
const FEW = 3;
