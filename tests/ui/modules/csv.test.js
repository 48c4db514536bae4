/** What a spreadsheet makes of a file that is saved. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { field } from "../../../src/runstone/ui/ground/csv.js";

test("a text is no formula, and a number stays one", () => {
  assert.deepEqual(["=1+1", "@SUM(A1)", "+cmd|'/c calc'!A1", "-x", "\t=1", "a=1", ""].map(field), ["'=1+1", "'@SUM(A1)", "'+cmd|'/c calc'!A1", "'-x", "'\t=1", "a=1", ""]);
  assert.deepEqual(["-1", "-1e-5", "+.5", -0.25, null, undefined].map(field), ["-1", "-1e-5", "+.5", "-0.25", "", ""]);
  assert.deepEqual(['=HYPERLINK("http://x","y")', 'a "b"\n'].map(field), ['"\'=HYPERLINK(""http://x"",""y"")"', '"a ""b""\n"']);
});
