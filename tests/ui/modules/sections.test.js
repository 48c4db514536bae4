import assert from "node:assert/strict";
import { test } from "node:test";
import { sections } from "../../../src/runstone/ui/charts/sections.js";

const plain = { pinned: [], hidden: [], order: [], closed: [], joined: [] };
const many = ["train/a", "train/b", "train/c", "train/d"];

test("sections of a few charts stand together, larger ones have their name, the machine's come last", () => {
  const system = many.map((key) => key.replace("train", "system"));
  assert.deepEqual(sections([...system, "loss", ...many, "val/a"], plain), [
    { name: "", keys: ["loss", "val/a"] }, { name: "train", keys: many }, { name: "system", keys: system },
  ]);
});

test("what is pinned is first and nowhere else, what is hidden nowhere, what was moved where it was moved to", () => {
  const laid = { ...plain, pinned: ["train/c", "gone"], hidden: ["train/a"], order: ["train/f", "train/d"] };
  assert.deepEqual(sections([...many, "train/e", "train/f"], laid), [{ name: "Pinned", keys: ["train/c"] }, { name: "train", keys: ["train/f", "train/d", "train/b", "train/e"] }]);
});

test("sections that stand together are one where something was moved", () => {
  assert.deepEqual(sections(["loss", "val/a", "val/b"], { ...plain, order: ["val/b", "loss", "val/a"] }), [{ name: "", keys: ["val/b", "loss", "val/a"] }]);
});

test("the machine's metrics have a section of their own, however few", () => {
  assert.deepEqual(sections(["system/cpu", "loss", "time/step"], plain), [{ name: "", keys: ["loss", "time/step"] }, { name: "system", keys: ["system/cpu"] }]);
});
