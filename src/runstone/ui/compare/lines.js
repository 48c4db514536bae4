/**
 * How two texts differ, line by line: the fewest lines taken away and added (Myers, "An O(ND) difference algorithm and its variations", 1986).
 * What is the same at both ends is set aside first. Texts that have next to nothing in common are told as a whole that became another.
 */

/** @typedef {{kind: "same" | "less" | "more", text: string, left: number, right: number}} Line left, right: numbers of the line in the two texts, from 1 on; 0 where it is in one only */

/** Edits that are looked for: their square bounds the memory. */
const EDITS = 1_500;

/** @param {string} text */
export const split = (text) => (text === "" ? [] : text.replace(/\r\n/g, "\n").replace(/\n$/, "").split("\n"));

/**
 * @param {string[]} left
 * @param {string[]} right
 * @returns {Line[]}
 */
export function compared(left, right) {
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < left.length - head && tail < right.length - head && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail += 1;
  const middle = edits(left.slice(head, left.length - tail), right.slice(head, right.length - tail));
  /** @type {Line[]} */
  const lines = [];
  let [one, other] = [0, 0];
  const same = () => lines.push({ kind: "same", text: left[one], left: (one += 1), right: (other += 1) });
  for (let at = 0; at < head; at += 1) same();
  for (const edit of middle) {
    if (edit === "same") same();
    else if (edit === "less") lines.push({ kind: "less", text: left[one], left: (one += 1), right: 0 });
    else lines.push({ kind: "more", text: right[other], left: 0, right: (other += 1) });
  }
  for (let at = 0; at < tail; at += 1) same();
  return lines;
}

/**
 * @param {string[]} left
 * @param {string[]} right
 * @returns {Line["kind"][]}
 */
function edits(left, right) {
  const [n, m] = [left.length, right.length];
  const most = Math.min(n + m, EDITS);
  const middle = most + 1;
  const reach = new Int32Array(2 * most + 3);
  /** @type {Int32Array[]} */
  const trail = [];
  for (let d = 0; d <= most; d += 1) {
    trail.push(reach.slice(middle - d - 1, middle + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach[middle + k - 1] < reach[middle + k + 1]);
      let x = down ? reach[middle + k + 1] : reach[middle + k - 1] + 1;
      while (x < n && x - k < m && left[x] === right[x - k]) x += 1;
      reach[middle + k] = x;
      if (x >= n && x - k >= m) return walked(trail, d, n, m);
    }
  }
  return [...left.map(() => /** @type {const} */ ("less")), ...right.map(() => /** @type {const} */ ("more"))];
}

/** Back from the end: of each step, whether it took a line away or added one. @param {Int32Array[]} trail @param {number} last @param {number} n @param {number} m */
function walked(trail, last, n, m) {
  /** @type {Line["kind"][]} */
  const found = [];
  let [x, y] = [n, m];
  for (let d = last; d > 0; d -= 1) {
    const before = trail[d];
    /** @param {number} k */
    const at = (k) => before[k + d + 1];
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const from = down ? k + 1 : k - 1;
    const [px, py] = [at(from), at(from) - from];
    while (x > px && y > py && !(down ? x === px && y === py + 1 : x === px + 1 && y === py)) {
      found.push("same");
      x -= 1;
      y -= 1;
    }
    found.push(down ? "more" : "less");
    [x, y] = [px, py];
  }
  for (; x > 0 && y > 0; x -= 1, y -= 1) found.push("same");
  return found.reverse();
}

/**
 * What is near a change, in pieces; what lies between is left out.
 * @param {Line[]} lines
 * @param {number} [around] lines that are shown before and behind a change
 * @returns {{lines: Line[], before: number}[]} before: lines that are left out before a piece
 */
export function pieces(lines, around = 3) {
  /** @type {{lines: Line[], before: number}[]} */
  const found = [];
  let end = 0; // behind the last line that is shown
  lines.forEach((line, at) => {
    if (line.kind === "same") return;
    const start = Math.max(0, at - around);
    const upTo = Math.min(lines.length, at + around + 1);
    if (found.length === 0 || start > end) found.push({ lines: lines.slice(start, upTo), before: start - end });
    else found[found.length - 1].lines.push(...lines.slice(end, upTo));
    end = Math.max(end, upTo);
  });
  return found;
}
