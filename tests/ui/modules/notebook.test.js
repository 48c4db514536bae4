/** A notebook is drawn as far as a browser bears it, whatever it holds. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { drawn } from "../../../src/runstone/ui/previews/cells.js";

const cell = (letters, outputs = []) => ({ cell_type: "code", source: ["x".repeat(letters)], outputs });

test("of many long cells the first are drawn, and the first of these in colours", () => {
  const found = drawn(Array.from({ length: 1_000 }, () => cell(20_000)));
  assert.deepEqual([found.length, found.filter(({ plain }) => !plain).length], [100, 10]);
  assert.deepEqual([drawn([cell(3_000_000)]).length, drawn(Array.from({ length: 1_000 }, () => cell(1))).length], [1, 400]);
  assert.equal(drawn([cell(1), cell(1, [{ text: ["y".repeat(3_000_000)] }])]).length, 1);
});

test("what is no cell's text is none", () => {
  for (const odd of [{}, { source: { a: 1 }, outputs: "x" }, { source: [1, null, "a"], outputs: [null, 5, { data: null }, { data: { "text/plain": {} } }] }]) assert.equal(drawn([odd]).length, 1);
});
