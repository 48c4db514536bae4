import assert from "node:assert/strict";
import { test } from "node:test";
import { influence, ranks } from "../../../src/runstone/ui/explore/influence.js";
import { levels, smooth } from "../../../src/runstone/ui/explore/mesh.js";
import { scale } from "../../../src/runstone/ui/explore/scales.js";

/** Numbers that are the same in each run (Park and Miller's generator). @param {number} seed */
function dice(seed) {
  let state = seed * 48271 + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** @param {number[]} numbers @param {string[] | null} [kinds] @returns {any} */
const column = (numbers, kinds = null) => ({ id: "", title: "", column: {}, kinds, numbers: Float64Array.from(numbers), distinct: new Set(numbers).size });

/** @param {number} count */
const all = (count) => new Uint8Array(count).fill(1);

test("a param with a best value in the middle has importance without correlation; noise has neither", () => {
  const roll = dice(3);
  const x = Array.from({ length: 400 }, () => roll() * 2 - 1);
  const told = influence(column(x), column(x.map((value) => value * value + roll() * 0.05)), all(400));
  assert.ok(told.share > 0.8 && Math.abs(told.rank) < 0.15, JSON.stringify(told));
  let sum = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const other = dice(seed);
    sum += influence(column(x.slice(0, 40)), column(x.slice(0, 40).map(() => other())), all(40)).share;
  }
  assert.ok(sum / 40 < 0.08, String(sum / 40));
});

test("what rises with a param correlates, whatever the scale and a run that diverged; categories have no correlation", () => {
  const x = Array.from({ length: 30 }, (_, at) => at + 1);
  const y = x.map((value) => (value === 30 ? 1e30 : value ** 3));
  assert.equal(influence(column(x), column(y), all(30)).rank.toFixed(6), "1.000000");
  const kinds = influence(column(x.map((value) => value % 3), ["a", "b", "c"]), column(x.map((value) => value % 3)), all(30));
  assert.deepEqual([kinds.share, kinds.rank], [1, NaN]);
});

test("nothing is said of few runs, of texts of each run's own, of what does not vary", () => {
  const x = Array.from({ length: 12 }, (_, at) => at);
  assert.ok(Number.isNaN(influence(column(x.slice(0, 9)), column(x.slice(0, 9)), all(9)).share));
  assert.ok(Number.isNaN(influence(column(x, x.map(String)), column(x), all(12)).share));
  assert.ok(Number.isNaN(influence(column(x.map(() => 1)), column(x), all(12)).share));
  assert.deepEqual([...ranks([3, 1, 3, 2])], [3.5, 1, 3.5, 2]);
});

test("an axis leads there and back, whatever is on it", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const roll = dice(seed);
    const size = 10 ** (roll() * 40 - 20);
    const numbers = Array.from({ length: 1 + Math.floor(roll() * 5) }, () => (seed % 2 ? roll() : roll() - 0.5) * size * 10 ** (roll() * (seed % 9)));
    for (const flip of [false, true]) {
      const one = scale(column(numbers), flip);
      for (const value of numbers) {
        assert.ok(one.of(value) >= -1e-9 && one.of(value) <= 1 + 1e-9);
        assert.ok(Math.abs(one.back(one.of(value)) - value) <= 1e-9 * Math.max(...numbers.map(Math.abs)));
      }
      assert.ok(one.ticks.length <= 16);
      for (const { part } of one.ticks) assert.ok(part >= -0.01 && part <= 1.01);
    }
  }
  // Values that differ by less than what can be counted in: no ticks without end.
  assert.ok(scale(column([1, 1 + 2 ** -52]), false).ticks.length < 16);
});

test("lines of the same height of a slope lie where the slope has that height", () => {
  const means = Float64Array.from({ length: 100 }, (_, at) => at % 10);
  const mesh = smooth({ wide: 10, high: 10, means, counts: new Float64Array(100).fill(1) });
  for (const [from, to] of levels({ ...mesh, means }, 0, 9, 1)) for (const [x] of [from, to]) assert.ok(Math.abs(x - 0.5) < 1e-9);
  assert.ok(mesh.means.every((value, at) => Math.abs(value - means[at]) < 1));
});
