import assert from "node:assert/strict";
import test from "node:test";
import { meant, unknown } from "../../../src/runstone/ui/runs/meant.js";

test("words that compare nothing are a part of a run's name", () => {
  assert.equal(meant(" lr0.1-w64 "), "attributes.run_name ILIKE '%lr0.1-w64%'");
  assert.equal(meant("Ann's best"), `attributes.run_name ILIKE "%Ann's best%"`);
  assert.equal(meant("f3c3e20995982c7d8b1e65f9f8807362"), "attributes.run_id = 'f3c3e20995982c7d8b1e65f9f8807362'");
});

test("what may be a filter is left as it is", () => {
  for (const text of ["", "metrics.loss < 1", "params.lr IN ('1')", "metrics.loss", "tags.`a b` IS NULL", "status != 'FAILED'", "loss>1", "'a' \" b"]) assert.equal(meant(text), text);
});

test("names that no run has are told from those that some have", () => {
  const keys = { metrics: [{ key: "val/loss", runs: 1 }, { key: "a.min", runs: 1 }], params: [{ key: "lr", runs: 0 }], tags: [{ key: "a b", runs: 1 }] };
  assert.deepEqual(unknown("metrics.val/loss.min < 1 AND metrics.a.min > 1 AND params.lr = 'params.x' AND tags.`a b` = 'c' AND tags.mlflow.user = 'x'", keys), []);
  assert.deepEqual(unknown("params.learning_rate = '0.01' AND metrics.`val loss` < 1 AND parameter.lr = \"tags.q\"", keys), ["params.learning_rate", "metrics.`val loss`"]);
});
