import assert from "node:assert/strict";
import { test } from "node:test";
import { band, joined, near, placed, plainRange, straightBelow } from "../../../src/runstone/ui/charts/transform.js";
import { smoothed } from "../../../src/runstone/ui/charts/smoothing.js";

/** Numbers that are the same in each run (Park and Miller's generator). @param {number} seed */
function dice(seed) {
  let state = seed * 48271 + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** @param {(roll: () => number) => void} property */
function always(property) {
  for (let seed = 1; seed <= 200; seed += 1) property(dice(seed));
}

/** @param {() => number} roll */
const line = (roll) => Array.from({ length: Math.floor(roll() * 60) }, () => (roll() < 0.2 ? null : roll() * 10 - 5));

const KINDS = /** @type {const} */ (["", "gaussian", "mean"]);

test("smoothing keeps what does not change, stays between the extremes, and leaves gaps where they were", () => {
  for (const kind of KINDS) {
    assert.deepEqual(smoothed([2, 2, null, 2], 0.9, 1, kind).map((value) => value && Number(value.toFixed(9))), [2, 2, null, 2]);
    always((roll) => {
      const values = line(roll);
      const known = values.filter((value) => value !== null);
      const soft = smoothed(values, 0.99 * roll(), 1 + 3 * roll(), kind);
      soft.forEach((value, at) => {
        assert.equal(value === null, values[at] === null);
        if (value !== null) assert.ok(value >= Math.min(...known) - 1e-9 && value <= Math.max(...known) + 1e-9);
      });
    });
  }
});

test("smoothing parts of many points is as slow as smoothing the points", () => {
  const points = Array.from({ length: 1000 }, (_, at) => Math.sin(at / 100));
  const parts = Array.from({ length: 100 }, (_, at) => Math.sin((at * 10 + 4.5) / 100));
  for (const kind of KINDS) {
    const soft = smoothed(parts, 0.98, 10, kind);
    smoothed(points, 0.98, 1, kind).forEach((value, at) => at % 10 === 5 && assert.ok(Math.abs(Number(value) - Number(soft[(at - 5) / 10])) < 0.06));
  }
});

test("at one weight each kind leaves as much of the noise", () => {
  const roll = dice(7);
  const noise = Array.from({ length: 20_000 }, () => roll() - 0.5);
  const left = KINDS.map((kind) => smoothed(noise, 0.9, 1, kind).slice(500, -500).reduce((sum, value) => sum + Number(value) ** 2, 0) / 19_000);
  for (const one of left) assert.ok(Math.abs(one * 19 * 12 - 1) < 0.1, String(left));
});

test("a running mean is that of so many values around each, fewer at the ends", () => {
  assert.deepEqual(smoothed([3, 0, 6, null, 9], 0.5, 1, "mean"), [1.5, 3, 5, null, 7.5]);
});

test("lines of several rows of places keep each value at its place", () => {
  always((roll) => {
    const rows = Array.from({ length: 1 + Math.floor(roll() * 4) }, () => [...new Set(Array.from({ length: Math.floor(roll() * 20) }, () => Math.floor(roll() * 30)))].sort((one, other) => one - other));
    const { x, places } = joined(rows);
    assert.deepEqual(x, [...new Set(rows.flat())].sort((one, other) => one - other));
    rows.forEach((row, number) => {
      const there = placed(row, places[number], x.length);
      assert.deepEqual(there.flatMap((value, at) => (value === null ? [] : [[x[at], value]])), row.map((place) => [place, place]));
    });
  });
});

test("the range without outliers leaves out one in fifty, and keeps all of what is even", () => {
  const even = Array.from({ length: 50 }, (_, at) => at);
  assert.deepEqual(plainRange([even]), [0, 49]);
  const [low, high] = plainRange([[...even, 1e9]]);
  assert.ok(low === 0 && high < 200);
});

test("bands hold the mean, a deviation of a sample or the extremes, of those that are there", () => {
  assert.deepEqual(band([[1, null], [3, 5]]), { mean: [2, 5], low: [2 - Math.SQRT2, 5], high: [2 + Math.SQRT2, 5] });
  assert.deepEqual(band([[1, null], [3, null]], "range"), { mean: [2, null], low: [1, null], high: [3, null] });
  const close = (/** @type {any} */ told, /** @type {number} */ low) => assert.ok(Math.abs(told.low[0] - low) < 1e-3, String(told.low[0]));
  close(band([[1], [2], [3], [4]], "sem"), 2.5 - Math.sqrt(5 / 3) / 2);
  close(band([[1], [2], [3], [4]], "ci"), 2.5 - 3.182 * Math.sqrt(5 / 3) / 2);
  const many = Array.from({ length: 21 }, (_, at) => [at]);
  close(band(many, "ci"), 10 - 2.08596 * Math.sqrt(38.5) / Math.sqrt(21));
  assert.deepEqual(band([[1]], "ci"), { mean: [1], low: [1], high: [1] });
});

test("a logarithmic axis has a straight part only where values are not above zero", () => {
  assert.equal(straightBelow([[1, 10]]), null);
  assert.equal(straightBelow([[0, 0.25, null]]), 0.1);
  assert.equal(straightBelow([[0]]), 1);
  assert.equal(straightBelow([[-1e-30], [2000]]), 0.01);
});

test("a line without a value at a place is read at the nearest", () => {
  assert.equal(near([1, null, null, 4], 1, 2), 1);
  assert.equal(near([1, null, null, 4], 2, 0), null);
});
