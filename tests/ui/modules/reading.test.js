import assert from "node:assert/strict";
import { test } from "node:test";
import { spread } from "../../../src/runstone/ui/charts/fingers.js";
import { linked } from "../../../src/runstone/ui/charts/raising.js";
import { after, apart, common, listing } from "../../../src/runstone/ui/charts/listing.js";

/** @param {number} count @param {number} [near] */
const rows = (count, near) => Array.from({ length: count }, (_, at) => ({ at, nearest: at === near }));
/** @param {{at: number}[]} some */
const places = (some) => some.map(({ at }) => at);

test("the greatest are listed, or those around what the pointer is nearest to", () => {
  assert.deepEqual(places(listing(rows(3), 5).listed), [0, 1, 2]);
  assert.deepEqual(places(listing(rows(9, 2), 4).listed), [0, 1, 2, 3]);
  assert.deepEqual([listing(rows(9, 5), 4).first, places(listing(rows(9, 5), 4).listed)], [3, [3, 4, 5, 6]]);
  assert.deepEqual(places(listing(rows(9, 8), 4).listed), [5, 6, 7, 8]);
});

test("what was under two fingers is under them where they are now, and an axis does not go beyond its points", () => {
  const pinch = /** @type {{places: [number, number], width: number}} */ ({ places: [25, 75], width: 400 });
  assert.deepEqual(spread(pinch, [0, 400], [0, 100]), [25, 75]);
  assert.deepEqual(spread(pinch, [50, 250], [0, 100]), [12.5, 100]);
  assert.deepEqual(spread(pinch, [200, 220], [0, 100]), [0, 100]);
  assert.equal(spread(pinch, [200, 204], [0, 100]), null);
});

test("names are cut off where they begin to differ, after a sign", () => {
  const names = ["resnet50-lr0.001-seed-1", "resnet50-lr0.010-seed-1"];
  assert.deepEqual(names.map((name) => after(name, common(names))), ["…001-seed-1", "…010-seed-1"]);
  assert.equal(common(["trial-00001", "trial-00002"]), 0);
  assert.equal(common(["alone-in-the-chart"]), 0);
});

test("metrics of a chart are told apart by what differs in them", () => {
  const told = (/** @type {string[]} */ ...metrics) => [...apart(metrics).values()];
  assert.deepEqual(told("train/loss", "val/loss", "test/loss"), ["train", "val", "test"]);
  assert.deepEqual(told("train/loss", "train/accuracy"), ["loss", "accuracy"]);
  assert.deepEqual(told("train_loss", "loss"), ["train_loss", "loss"]);
  assert.deepEqual(told("loss", "accuracy"), ["loss", "accuracy"]);
  assert.deepEqual(told("a/x/loss", "a/y/loss"), ["x", "y"]);
  assert.deepEqual(told("a/b", "a/b/c"), ["b", "b/c"]);
  assert.deepEqual(told("loss"), ["loss"]);
});

test("a chart follows which run is pointed at in another one, unless it has very many", () => {
  const chart = (/** @type {string[]} */ ...runs) => ({ series: [{}, ...runs.map((who) => ({ who }))] });
  assert.equal(linked(chart("b", "a"), chart("a", "b", "c"), 1), 2);
  assert.equal(linked(chart("b", "a"), chart("a", "b", "c"), 3), null);
  assert.equal(linked(chart("b", "a"), chart("a"), null), null);
  assert.equal(linked(chart(...Array.from({ length: 50 }, String)), chart("1"), 1), -1);
});
