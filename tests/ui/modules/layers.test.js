import assert from "node:assert/strict";
import { test } from "node:test";
import { folded, placed } from "../../../src/runstone/ui/registry/layers.js";

const size = { width: 10, height: 10, across: 5, down: 2 };
const node = (id, kind = "run") => ({ id, kind, name: id, details: {} });
const chain = (...ids) => ids.slice(1).map((target, at) => ({ source: ids[at], target, how: "made" }));
const letters = [..."abcdefghi"];

test("what came before stands before, also where a shorter way leads past it, and no two nodes lie on each other", () => {
  const { nodes } = placed({ nodes: [..."dcba"].map((id) => node(id)), edges: [...chain("a", "b", "c"), ...chain("a", "c"), ...chain("b", "d")] }, size);
  const at = Object.fromEntries(nodes.map((one) => [one.id, one]));
  assert.ok(at.a.x < at.b.x && at.b.x < at.c.x && at.d.x === at.c.x);
  assert.ok(Math.abs(at.c.y - at.d.y) >= size.height + size.down);
  for (const ids of ["xabc", "abcx", "cxba"]) {
    const late = placed({ nodes: [...ids].map((id) => node(id)), edges: [...chain("a", "b", "c"), ...chain("x", "c")] }, size).nodes;
    assert.deepEqual([..."abcx"].map((id) => late.find((one) => one.id === id).x / 15), [0, 1, 2, 0], ids);
  }
});

test("circles end, and a chain of thousands does not fill the stack", () => {
  assert.equal(placed({ nodes: ["a", "b", "c"].map((id) => node(id)), edges: chain("a", "b", "c", "a") }, size).nodes.length, 3);
  const many = Array.from({ length: 20_000 }, (_, at) => `n${at}`);
  assert.equal(placed({ nodes: many.map((id) => node(id)), edges: chain(...many) }, size).nodes.at(-1).x, 19_999 * 15);
});

test("the middle of a long chain is one node, which opens; the root is never in it", () => {
  const graph = { nodes: letters.map((id) => node(id)), edges: chain(...letters) };
  const shown = folded(graph, "a", new Set());
  const [fold] = shown.nodes.filter(({ kind }) => kind === "fold");
  assert.deepEqual(fold.folded, ["c", "d", "e", "f", "g"]);
  assert.deepEqual(shown.edges.map(({ source, target }) => [source, target]), [["a", "b"], ["b", fold.id], [fold.id, "h"], ["h", "i"]]);
  assert.equal(folded(graph, "a", new Set([fold.id])).nodes.length, letters.length);
  assert.ok(folded(graph, "e", new Set()).nodes.some(({ id }) => id === "e"));
});

test("many that are alike are five and one for the others; those of another kind, or that lead elsewhere, are not alike", () => {
  const edges = letters.map((id) => ({ source: "run", target: id, how: "made" }));
  const graph = { nodes: [node("run"), ...letters.map((id) => node(id, "model")), node("other", "artifact"), node("next")], edges: [...edges, { source: "run", target: "other", how: "made" }, ...chain("a", "next")] };
  const shown = folded(graph, "run", new Set());
  assert.deepEqual(shown.nodes.map(({ id, name }) => (id.startsWith("fold") ? name : id)), ["run", "a", "b", "c", "d", "e", "f", "other", "next", "3 more"]);
});
