import assert from "node:assert/strict";
import { test } from "node:test";
import { lines, shapesOf } from "../../../src/runstone/ui/previews/shapes.js";

const at = (/** @type {any} */ geometry, properties = {}) => ({ type: "Feature", properties, geometry });

test("every kind of geometry becomes pieces", () => {
  const square = [[[0, 0], [4, 0], [4, 4], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 1]]];
  const found = shapesOf({ type: "FeatureCollection", features: [
    at({ type: "Point", coordinates: [1, 2, 300] }, { name: "one" }), at({ type: "MultiPoint", coordinates: [[1, 2], [3, 4]] }), at({ type: "LineString", coordinates: [[-5, 2], [3, 44]] }),
    at({ type: "MultiLineString", coordinates: [[[1, 2], [3, 4]], [[1, 2], [3, 4]]] }), at({ type: "Polygon", coordinates: square }), at({ type: "MultiPolygon", coordinates: [square, square] }),
    at({ type: "GeometryCollection", geometries: [{ type: "Point", coordinates: [0, 0] }, { type: "LineString", coordinates: [[0, 0], [1, 1]] }] }),
  ] });
  assert.deepEqual(found?.shapes.map(({ pieces }) => pieces.map(({ kind }) => kind).join(" ")), ["point", "point point", "line", "line line", "area area", "area area area area", "point line"]);
  assert.deepEqual([found?.box, found?.whole, found?.round, found?.shapes[0].name], [[-5, 0, 4, 44], true, true, "one"]);
  assert.equal(shapesOf({ type: "Polygon", coordinates: square })?.shapes.length, 1);
});

test("what is no GeoJSON, or has nothing to draw, is none", () => {
  for (const value of [null, 3, "Point", [], {}, { type: "toString" }, { type: "FeatureCollection", features: {} }, { type: "FeatureCollection", features: [null, 3, at(null), at({ type: "Point" }), at({ type: "Polygon", coordinates: 3 })] }, { type: "Point", coordinates: ["1", 2] }, { type: "Point", coordinates: [1e300, 2] }]) assert.equal(shapesOf(value), null);
});

test("of whatever size and depth it is, a bounded part is drawn, and that is said", () => {
  /** @type {any} */
  let deep = { type: "Point", coordinates: [1, 1] };
  for (let level = 0; level < 5_000; level += 1) deep = { type: "GeometryCollection", geometries: [{ type: "Point", coordinates: [0, 0] }, deep] };
  assert.equal(shapesOf(deep)?.whole, false);
  const many = shapesOf({ type: "FeatureCollection", features: Array(3_000).fill(at({ type: "Point", coordinates: [1, 1] })) });
  assert.deepEqual([many?.shapes.length, many?.whole], [2_000, false]);
  const long = shapesOf({ type: "LineString", coordinates: Array(200_000).fill([1, 1]) });
  assert.deepEqual([long?.shapes[0].pieces[0].places.length, long?.whole], [50_000, false]);
  const empty = shapesOf({ type: "GeometryCollection", geometries: [{ type: "Point", coordinates: [1, 1] }, { type: "MultiPolygon", coordinates: Array(1_000_000).fill([]) }] });
  assert.equal(empty?.whole, false);
  assert.equal(shapesOf({ type: "MultiPoint", coordinates: [[1, 1], ["x", 1]] })?.whole, false);
});

test("a map has a few lines at round numbers", () => {
  assert.deepEqual(lines(0, 10), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(lines(-0.05, 0.05), [-0.04, -0.02, 0, 0.02, 0.04]);
  assert.deepEqual(lines(1, 1), []);
});
