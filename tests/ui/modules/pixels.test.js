import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureOf, pixelsOf } from "../../../src/runstone/ui/previews/pixels.js";

const told = (/** @type {string} */ type, /** @type {string} */ shape) => [{ name: "Type", value: type }, { name: "Shape", value: shape }];

test("an array of 8-bit numbers in rows is a picture where it has the size of one", () => {
  assert.deepEqual(pictureOf(told("uint8", "1,024 × 768 × 3"), 3e6), { high: 1024, wide: 768, deep: 3 });
  assert.deepEqual(pictureOf(told("uint8", "28 × 28"), 900), { high: 28, wide: 28, deep: 1 });
  for (const [type, shape, size] of [["float32", "28 × 28", 1], ["uint8", "28 × 28 × 2", 1], ["uint8", "28 × 28 × 3 × 1", 1], ["uint8", "784", 1], ["uint8", "a single value", 1], ["uint8", "4 × 784", 1], ["uint8", "9 × 90,000", 1], ["uint8", "28 × 28", 2e7]]) {
    assert.equal(pictureOf(told(String(type), String(shape)), Number(size)), null);
  }
});

test("its pixels are those of the array", () => {
  const file = (/** @type {string} */ order, /** @type {number[]} */ numbers) => new Uint8Array([...new TextEncoder().encode(`NUMPY {'descr': '|u1', 'fortran_order': ${order}, }`), ...numbers]);
  assert.deepEqual([.../** @type {any} */ (pixelsOf(file("False", [1, 2, 3, 4, 5, 6]), { high: 1, wide: 2, deep: 3 }))], [1, 2, 3, 255, 4, 5, 6, 255]);
  assert.deepEqual([.../** @type {any} */ (pixelsOf(file("False", [7, 8]), { high: 2, wide: 1, deep: 1 }))], [7, 7, 7, 255, 8, 8, 8, 255]);
  assert.deepEqual([.../** @type {any} */ (pixelsOf(file("False", [1, 2, 3, 4]), { high: 1, wide: 1, deep: 4 }))], [1, 2, 3, 4]);
  assert.equal(pixelsOf(file("True", [7, 8]), { high: 2, wide: 1, deep: 1 }), null);
  assert.equal(pixelsOf(new Uint8Array(3), { high: 2, wide: 2, deep: 1 }), null);
});
