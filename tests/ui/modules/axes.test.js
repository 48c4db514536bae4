import assert from "node:assert/strict";
import { test } from "node:test";
import { about, decades, mirrored, moment, numbers, since } from "../../../src/runstone/ui/charts/axes.js";

test("ticks are told apart in as few letters as they need, all in one unit", () => {
  assert.deepEqual(numbers([0, 5000, 10_000], 5000), ["0", "5k", "10k"]);
  assert.deepEqual(numbers([0, 2500, 5000], 2500), ["0", "2500", "5000"]);
  assert.deepEqual(numbers([1_234_500, 1_234_501], 1), ["1234500", "1234501"]);
  assert.deepEqual(numbers([3.16e10, 3.2e10], 2e8), ["31.6G", "32G"]);
  assert.deepEqual(numbers([-0.25, 0, 0.25, null], 0.25), ["−0.25", "0", "0.25", ""]);
  assert.deepEqual(numbers([0.99994, 0.99996], 2e-5), ["0.99994", "0.99996"]);
  assert.deepEqual(numbers([0, 1e-7, 1.5e-7], 5e-8), ["0", "1e−7", "1.5e−7"]);
  assert.deepEqual(numbers([1e20, 1.5e20], 5e19), ["1e20", "1.5e20"]);
  assert.deepEqual(numbers([0.30000000000000004, 0.1], 0.1), ["0.3", "0.1"]);
});

test("neighbours never look the same", () => {
  for (const apart of [1, 2, 2.5, 5].flatMap((one) => Array.from({ length: 40 }, (_, at) => one * 10 ** (at - 20)))) {
    for (const from of [0, 1, 7, 1000, 123_456].map((one) => one * apart)) {
      const texts = numbers([from, from + apart, from + 2 * apart], apart);
      assert.equal(new Set(texts).size, 3, `${from} ${apart}: ${texts}`);
    }
  }
});

test("times are told as finely as they lie apart, and a day by its date", () => {
  const noon = new Date(2026, 10, 29, 12, 0, 0).getTime() / 1_000;
  assert.deepEqual([moment(noon, 60), moment(noon, 1), moment(noon - 43_200, 3_600), moment(noon, 86_400)], ["12:00", "12:00:00", "11-29", "2026-11-29"]);
  assert.deepEqual([since(0), since(5), since(3_600), since(3_900)], ["0", "5s", "1h", "1h 05m"]);
});

test("a line of one value stands in the middle", () => {
  assert.deepEqual([about(0), about(5), about(-10)], [[-1, 1], [4.5, 5.5], [-11, -9]]);
});

test("a logarithmic axis has ticks wherever it begins", () => {
  // uPlot counts up from where the axis begins, and got no further from this one.
  assert.deepEqual(decades(0.0992, 1.1), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  assert.deepEqual(decades(0.93, 0.97), [0.93, 0.94, 0.95, 0.96, 0.97]);
  for (let from = 1e-9; from < 1e9; from *= 1.017) {
    for (const times of [1.0001, 1.3, 4, 1e3, 1e30]) {
      const ticks = decades(from, from * times);
      assert.ok(ticks.length >= 2 && ticks.length <= 200, `${from} ${times}: ${ticks}`);
      assert.ok(ticks.every((tick, at) => tick >= from * 0.999999 && tick <= from * times * 1.000001 && (at === 0 || tick > ticks[at - 1])));
    }
  }
  for (const [from, to] of [[0, 1], [-1, 1], [1, 1], [1, Infinity], [NaN, 1]]) assert.deepEqual(decades(from, to), []);
});

test("an axis through zero has the same ticks on both sides", () => {
  assert.deepEqual(mirrored(-0.02, 0.02, 0.01), [-0.02, -0.01, 0, 0.01, 0.02]);
  assert.deepEqual(mirrored(0, 10, 1), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});
