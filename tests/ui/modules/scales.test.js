import assert from "node:assert/strict";
import { test } from "node:test";
import { scale } from "../../../src/runstone/ui/explore/scales.js";

/** @param {number[]} values @param {"param" | "metric"} [kind] */
const column = (values, kind = "param") => /** @type {any} */ ({ column: { kind }, kinds: null, numbers: Float64Array.from(values), distinct: new Set(values).size });
const even = Array.from({ length: 40 }, (_, at) => at / 39);

test("params that a search goes through by orders of magnitude lie on a logarithmic axis", () => {
  for (const values of [[0.001, 0.003, 0.01, 0.03], [16, 32, 64, 128], [1e-5, 0.1], even.map((part) => 0.001 * 10 ** part), even.map((part) => 1e-6 * 10 ** (4 * part)), [0.001, NaN, 0.1, 0.01]]) {
    assert.ok(scale(column(values)).log, values.join());
  }
});

test("params that are spread over a plain axis, or could not lie on another, stay on it, however wide it is", () => {
  for (const values of [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [16, 32], [0, 1, 100], [-1, 100, 1000], even.map((part) => 1 + 99_999 * part), even.map((part) => 0.05 + 0.45 * part), [5, 5, 5]]) {
    assert.ok(!scale(column(values)).log, values.join());
  }
});

test("metrics do only from three orders on, and what somebody says counts where it can", () => {
  assert.ok(!scale(column([0.01, 0.1, 1, 2], "metric")).log);
  assert.ok(scale(column([0.001, 0.01, 0.1, 2], "metric")).log);
  assert.ok(!scale(column([0.001, 0.01, 0.1]), false).log);
  assert.ok(scale(column([1, 2, 3]), true).log);
  assert.ok(!scale(column([0, 2, 3]), true).log);
});

test("beside an axis stand a param's values where they are few and have room, else round ones", () => {
  assert.deepEqual(scale(column([8, 96, 24, 8])).ticks.map(({ text }) => text), ["8", "24", "96"]);
  assert.deepEqual(scale(column([0, 1, 2])).ticks.map(({ text }) => text), ["0", "1", "2"]);
  assert.deepEqual(scale(column([1, 1.001, 2])).ticks.map(({ text }) => text), ["1", "2"]);
  assert.deepEqual(scale(column([0, 1, 2], "metric")).ticks.map(({ text }) => text), ["0", "0.5", "1", "1.5", "2"]);
});
