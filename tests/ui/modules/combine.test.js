import assert from "node:assert/strict";
import { test } from "node:test";
import { alike, charts, MOST, paired, regrouped, same, together } from "../../../src/runstone/ui/charts/combine.js";

const keys = ["lr", "train/loss", "train/acc", "val/loss", "val/acc"];
const plain = { pinned: [], hidden: [], order: [], closed: [], joined: [] };
/** @param {import("../../../src/runstone/ui/charts/layout.js").Layout} laid @param {string[]} before @param {string[]} after */
const become = (laid, before, after) => ({ ...laid, ...regrouped(laid, before, after) });

test("metrics that share a chart have one, and are alone where the others are not known", () => {
  const joined = [["train/loss", "val/loss", "test/loss"]];
  assert.deepEqual([...charts(keys, joined)], [["lr", ["lr"]], ["train/loss", ["train/loss", "val/loss"]], ["train/acc", ["train/acc"]], ["val/acc", ["val/acc"]]]);
  assert.deepEqual([...charts(["val/loss"], joined)], [["val/loss", ["val/loss"]]]);
  assert.equal(charts(Array.from({ length: 9 }, (_, at) => `m${at}`), [Array.from({ length: 9 }, (_, at) => `m${at}`)]).get("m0")?.length, MOST);
});

test("what is drawn over another chart is not pinned or hidden by itself, and leaves the chart that it shared before", () => {
  const laid = { ...plain, pinned: ["val/loss", "lr"], hidden: ["test/loss"], joined: [["val/loss", "val/acc"]] };
  assert.deepEqual(become(laid, ["train/loss"], ["train/loss", "val/loss", "test/loss"]), { ...plain, pinned: ["lr"], joined: [["train/loss", "val/loss", "test/loss"]] });
});

test("where the first metric leaves a chart the next stands in its place, and metrics that these runs do not have stay", () => {
  const laid = { ...plain, pinned: ["train/loss"], order: ["val/acc", "train/loss", "val/loss"], joined: [["train/loss", "val/loss", "gone"]] };
  const after = become(laid, ["train/loss", "val/loss"], ["val/loss"]);
  assert.deepEqual(after, { ...plain, pinned: ["val/loss"], order: ["val/acc", "val/loss"], joined: [["val/loss", "gone"]] });
  assert.deepEqual(become({ ...plain, joined: [["a", "b"]] }, ["a", "b"], ["a"]).joined, []);
});

test("metrics of the same last word are offered first, then those of the same section", () => {
  assert.deepEqual(alike("train/loss", ["lr", "train/acc", "system/cpu", "best_loss", "val/loss", "zoo"]), ["val/loss", "best_loss", "train/acc", "lr", "zoo", "system/cpu"]);
});

test("the same metric on other data is known by its name, and shares a chart, and does not any more", () => {
  const groups = same(["val/loss", "lr", "train/loss", "test/loss", "loss2", "val_loss2", "train/a/f1", "val/a/f1", "system/cpu", "validation"]);
  assert.deepEqual(groups, [["train/loss", "val/loss", "test/loss"], ["loss2", "val_loss2"], ["train/a/f1", "val/a/f1"]]);
  const laid = { ...plain, pinned: ["val/loss"], joined: [["train/loss", "lr"], ["val/a/f1", "zoo"]] };
  assert.equal(together(laid.joined, groups), false);
  const after = { ...laid, ...paired(laid, groups, true) };
  assert.deepEqual(after, { ...plain, joined: [["train/loss", "val/loss", "test/loss", "lr"], ["loss2", "val_loss2"], ["train/a/f1", "val/a/f1"]] });
  assert.equal(together(after.joined, groups), true);
  assert.deepEqual(paired(after, groups, false), { joined: [["train/loss", "lr"]] });
});
