import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { bodyOf, firstRows, lines, valueOf } from "../../../src/runstone/ui/registry/request.js";

const column = (name, type, more = {}) => ({ name, type, required: true, ...more });
const frame = { inputs: [column("size", "double"), column("name", "string"), column("when", "datetime", { required: false })], outputs: [], params: [column("top", "integer", { has: true, default: 3 })], tensors: false };

test("a value is what its column's type says, or is refused in words", () => {
  assert.equal(valueOf("1.5", column("a", "double")), 1.5);
  assert.equal(valueOf("True", column("a", "boolean")), true);
  assert.equal(valueOf("", column("a", "string")), "");
  assert.equal(valueOf(" ", column("a", "long", { required: false })), null);
  assert.deepEqual(valueOf('["x"]', column("a", "array of string")), ["x"]);
  assert.deepEqual(valueOf("[[1]]", column("", "float32 (-1, 1)")), [[1]]);
  for (const [text, type] of [["x", "double"], ["1.5", "long"], ["", "double"], ["yes", "boolean"], ["[", "array of long"]]) assert.throws(() => valueOf(text, column("a", type)), Error, `${text} ${type}`);
});

test("a frame's rows are split, a nameless column is a list, tensors are inputs, and params stand beside", () => {
  assert.deepEqual(bodyOf(frame, [["1", "x", ""]], { top: "5" }), { dataframe_split: { columns: ["size", "name", "when"], data: [[1, "x", null]] }, params: { top: 5 } });
  assert.deepEqual(bodyOf({ ...frame, inputs: [column("", "string")] }, [["a"], ["b"]], { top: "" }), { inputs: ["a", "b"] });
  assert.deepEqual(bodyOf({ ...frame, tensors: true, inputs: [column("", "float32 (-1)")] }, [["[1, 2]"]], {}), { inputs: [1, 2] });
  assert.throws(() => bodyOf(frame, [["1", "x", ""], ["?", "y", ""]], {}), /size of row 1 is no number\./);
});

test("fields begin with the model's example, by name, and empty where it does not fit", () => {
  assert.deepEqual(firstRows(frame, '{"dataframe_split": {"columns": ["name", "size"], "data": [["a", 1], ["b", null]]}}'), [["1", "a", ""], ["", "b", ""]]);
  assert.deepEqual(firstRows(frame, "{"), [["", "", ""]]);
});

test("the lines that send a body send that body, and nothing else runs", () => {
  const hostile = `it's "$(touch /tmp/x)" \`id\` \\ \u202e \u2028 \ud83d\ude00 \n--`;
  const { curl } = lines({ inputs: [hostile] }, "http://x/'; id '");
  const sent = execFileSync("sh", ["-c", `curl() { for last; do :; done; printf %s "$last"; }; ${curl}`], { encoding: "utf8" });
  assert.deepEqual(JSON.parse(sent), { inputs: [hostile] });
});
