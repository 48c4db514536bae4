import assert from "node:assert/strict";
import { test } from "node:test";
import { figureOf } from "../../../src/runstone/ui/previews/figure.js";

test("what is no figure is none", () => {
  for (const value of [null, 1, "data", [], {}, { data: [] }, { data: {}, layout: {} }, { data: [], layout: [] }, { data: [], layout: null }, { columns: [], data: [] }]) assert.equal(figureOf(value), null);
});

test("traces that are not drawn are told of, those of a graphics card are drawn without one", () => {
  const found = figureOf({ data: [{ type: "scattergl", y: [1, 2] }, { type: "scatter3d" }, { x: [1] }, { type: {} }, null, 3, []], layout: { height: 1e9, title: "<b>A</b> title" } });
  assert.deepEqual(found?.data.map(({ type }) => type), ["scatter", "scatter", "scatter"]);
  assert.deepEqual([found?.left, found?.height, found?.many], [["scatter3d"], 1_600, false]);
  assert.equal(found?.title, "A  title");
  assert.deepEqual(found?.facts.map(([, said]) => said), ["A  title", "scattergl · 2 values", "scatter3d", "scatter · 1 values", "scatter"]);
});

test("of a title of millions of brackets the beginning is looked at", () => {
  assert.equal(figureOf({ data: [], layout: { title: "<".repeat(4_000_000) } })?.title.length, 300);
});

test("points are counted however they are written", () => {
  const many = { dtype: "f4", bdata: "A".repeat(540_000) }; // 405,000 bytes
  assert.equal(figureOf({ data: [{ y: many }], layout: {} })?.many, true);
  assert.equal(figureOf({ data: [{ y: { dtype: "f8", bdata: "A".repeat(540_000) } }], layout: {} })?.many, false);
  assert.equal(figureOf({ data: [{ type: "heatmap", z: Array(200_000).fill([1]) }], layout: {} })?.many, false);
});
