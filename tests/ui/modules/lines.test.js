import assert from "node:assert/strict";
import { test } from "node:test";
import { compared, pieces, split } from "../../../src/runstone/ui/compare/lines.js";

/** Numbers that are the same in each run (Park and Miller's generator). @param {number} seed */
function dice(seed) {
  let state = seed * 48271 + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** How many lines two texts have in common in order, at most. @param {string[]} left @param {string[]} right */
function common(left, right) {
  const row = new Array(right.length + 1).fill(0);
  for (const one of left) {
    let before = 0;
    for (let at = 1; at <= right.length; at += 1) {
      const above = row[at];
      row[at] = one === right[at - 1] ? before + 1 : Math.max(row[at], row[at - 1]);
      before = above;
    }
  }
  return row[right.length];
}

test("a difference leads from one text to the other, with as many lines kept as can be", () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const roll = dice(seed);
    const text = () => Array.from({ length: Math.floor(roll() * 12) }, () => "abc"[Math.floor(roll() * 3)]);
    const [left, right] = [text(), text()];
    const lines = compared(left, right);
    assert.deepEqual(lines.filter(({ kind }) => kind !== "more").map((line) => line.text), left);
    assert.deepEqual(lines.filter(({ kind }) => kind !== "less").map((line) => line.text), right);
    assert.equal(lines.filter(({ kind }) => kind === "same").length, common(left, right));
    for (const line of lines) {
      if (line.left) assert.equal(left[line.left - 1], line.text);
      if (line.right) assert.equal(right[line.right - 1], line.text);
    }
  }
});

test("texts that have nothing in common are told without looking for ever", () => {
  const [left, right] = [Array.from({ length: 20_000 }, (_, at) => `a${at}`), Array.from({ length: 20_000 }, (_, at) => `b${at}`)];
  assert.equal(compared(left, right).length, 40_000);
});

test("what is far from a change is left out, and counted", () => {
  const left = Array.from({ length: 50 }, (_, at) => String(at));
  const right = left.map((line, at) => (at === 10 || at === 40 ? "changed" : line));
  assert.deepEqual(pieces(compared(left, right)).map(({ before, lines }) => [before, lines.length]), [[7, 8], [23, 8]]);
  assert.deepEqual(split("one\r\ntwo\n"), ["one", "two"]);
});
