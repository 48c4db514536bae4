import assert from "node:assert/strict";
import { test } from "node:test";
import { comparedCells, keys } from "../../../src/runstone/ui/compare/cells.js";

const left = { columns: ["id", "loss", "old"], rows: [["a", "0.50", "1"], ["b", "2", "1"], ["c", null, "1"]] };
const right = { columns: ["loss", "id", "new"], rows: [["2", "b", "1"], ["0.5", "a", "1"], ["3", "d", "1"]] };

test("rows belong together by their place, or by what tells them apart", () => {
  const place = comparedCells(left, right, "");
  assert.deepEqual(place.counts, { same: 0, changed: 3, less: 0, more: 0 });
  const found = comparedCells(left, right, "id");
  assert.deepEqual([found.columns, found.less, found.more], [["id", "loss"], ["old"], ["new"]]);
  assert.deepEqual(found.rows.map(({ kind, left: one, right: other }) => [kind, one, other]), [["same", 1, 2], ["same", 2, 1], ["less", 3, 0], ["more", 0, 3]]);
  assert.deepEqual(found.rows[3].cells, [[undefined, "d"], [undefined, "3"]]);
});

test("a number is one however it is written, but a whole one that a browser has not is told apart", () => {
  const one = (/** @type {(string | null)[][]} */ rows) => ({ columns: ["x"], rows });
  const apart = (/** @type {string | null} */ before, /** @type {string | null} */ after) => comparedCells(one([[before]]), one([[after]]), "").cells;
  assert.deepEqual([apart("1.0", "1"), apart("1e3", "1000"), apart("a.b", "a.b")], [0, 0, 0]);
  assert.deepEqual([apart("9007199254740993", "9007199254740992"), apart("1.0", "1.1"), apart("", null), apart("0.0", ""), apart("e", "E"), apart("007", "7")], [1, 1, 1, 1, 1, 1]);
});

test("a column tells rows where each table has each value once", () => {
  assert.deepEqual(keys(left, right), ["id"]);
  assert.deepEqual(keys(left, { columns: ["id"], rows: [["a"], ["a"]] }), []);
  assert.deepEqual(keys({ columns: ["id", "id"], rows: [["a", "b"]] }, { columns: ["id"], rows: [["x"]] }), ["id"]);
});

test("rows that only the longer table has are behind", () => {
  const found = comparedCells({ columns: ["x"], rows: [["1"]] }, { columns: ["x"], rows: [["1"], ["2"], ["3"]] }, "");
  assert.deepEqual(found.counts, { same: 1, changed: 0, less: 0, more: 2 });
  assert.deepEqual(found.differ, [false]);
});

test("of columns with one name the first is meant", () => {
  assert.equal(comparedCells({ columns: ["x", "x"], rows: [["1", "2"]] }, { columns: ["x"], rows: [["1"]] }, "").cells, 0);
});
