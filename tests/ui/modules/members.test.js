import assert from "node:assert/strict";
import { test } from "node:test";
import { comparedMembers } from "../../../src/runstone/ui/compare/members.js";

test("values are compared where they stand", () => {
  const { lines, alike, whole } = comparedMembers({ a: { lr: 0.1, on: true }, list: [1, 2], none: {} }, { a: { lr: 0.2, on: true }, list: [1], none: [], more: null });
  assert.deepEqual(lines, [
    { path: "a.lr", before: "0.1", after: "0.2" }, { path: "list[1]", before: "2", after: undefined }, { path: "none", before: "{}", after: "[]" }, { path: "more", before: undefined, after: "null" },
  ]);
  assert.deepEqual([alike, whole], [2, true]);
  assert.deepEqual(comparedMembers("x", 1).lines, [{ path: "", before: '"x"', after: "1" }]);
});

test("of what is too deep or too long a part is compared, and that is said", () => {
  /** @type {any} */
  let deep = 1;
  for (let level = 0; level < 3_000; level += 1) deep = [deep];
  assert.equal(comparedMembers(deep, [1]).whole, false);
  const long = comparedMembers(Array(50_000).fill(1), []);
  assert.deepEqual([long.whole, long.lines.length], [false, 20_001]);
});
