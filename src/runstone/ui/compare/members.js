/** Two trees of values (JSON, YAML), member by member. Knows no page. */

/** Members that are looked at, levels, letters of a value. */
const MOST = 20_000, DEEP = 60, LETTERS = 500;

/**
 * What stands at each path: `a.b[0]`, and the value as JSON.
 * @param {any} value
 * @returns {{members: Map<string, string>, whole: boolean}}
 */
export function members(value) {
  /** @type {Map<string, string>} */
  const found = new Map();
  let whole = true;
  /** @param {any} one @param {string} path @param {number} depth */
  const go = (one, path, depth) => {
    if (found.size >= MOST || depth > DEEP) {
      whole = false;
      return;
    }
    const inner = one !== null && typeof one === "object" ? (Array.isArray(one) ? one.map((part, at) => /** @type {[string, any]} */ ([`${path}[${at}]`, part])) : Object.entries(one).map(([name, part]) => /** @type {[string, any]} */ ([path ? `${path}.${name}` : name, part]))) : [];
    if (inner.length === 0) found.set(path, JSON.stringify(one) ?? "null");
    for (const [name, part] of inner) go(part, name, depth + 1);
  };
  go(value, "", 0);
  return { members: found, whole };
}

/**
 * Where two differ: the path, and what either has there (undefined: nothing).
 * @param {any} left
 * @param {any} right
 */
export function comparedMembers(left, right) {
  const [one, other] = [members(left), members(right)];
  const paths = [...new Set([...one.members.keys(), ...other.members.keys()])];
  const cut = (/** @type {string | undefined} */ text) => (text && text.length > LETTERS ? `${text.slice(0, LETTERS)}…` : text);
  const lines = paths.filter((path) => one.members.get(path) !== other.members.get(path)).map((path) => ({ path, before: cut(one.members.get(path)), after: cut(other.members.get(path)) }));
  return { lines, alike: paths.length - lines.length, whole: one.whole && other.whole };
}
