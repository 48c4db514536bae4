/** A picture within a notebook is as large as its first bytes say. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { pixels } from "../../../src/runstone/ui/previews/extent.js";

const said = (...parts) => pixels(Buffer.concat(parts.map((one) => (typeof one === "string" ? Buffer.from(one, "latin1") : Buffer.from(one)))).toString("base64"));
const zeros = (count) => new Uint8Array(count);

test("pictures say how many pixels they have", () => {
  const size = 30_000 * 30_000;
  assert.equal(said("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", [0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]), size);
  assert.equal(said("GIF89a", [0x30, 0x75, 0x30, 0x75]), size);
  assert.equal(said("RIFF\0\0\0\0WEBPVP8X", zeros(8), [0x2f, 0x75, 0, 0x2f, 0x75, 0]), size);
  assert.equal(said("RIFF\0\0\0\0WEBPVP8L", zeros(5), [0xff, 0xff, 0xff, 0x0f], zeros(5)), 16_384 * 16_384);
  assert.equal(said("RIFF\0\0\0\0WEBPVP8 ", zeros(10), [0xff, 0x3f, 0xff, 0x3f]), 16_383 * 16_383);
  assert.equal(said("\xff\xd8\xff\xe2\xff\xff", zeros(65_533), "\xff\xff\xc2\0\x11\x08", [0x75, 0x30, 0x75, 0x30], zeros(9)), size);
});

test("what ends early or is no picture has none", () => {
  for (const text of ["", "x", "\x89PNG\r\n\x1a\n", "GIF89a", "\xff\xd8", "\xff\xd8\xff", "\xff\xd8\xff\xe0\0\0".repeat(9), "RIFF\0\0\0\0WEBPVP8X"]) assert.equal(said(text), 0);
  assert.equal(pixels("A"), 0);
});
