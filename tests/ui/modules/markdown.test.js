/** Markdown as data: what it understands, what it does not let through, and that it takes no longer for malice. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { parse, safe } from "../../../src/runstone/ui/ground/markdown.js";

const kinds = (blocks) => blocks.map((one) => one.kind);

test("markdown has headings, lists in lists, tables, quotes and code", () => {
  const blocks = parse("# One #\n\ntext\nmore\n\n- a\n  - b\n- [x] c\n\n1. d\n\n> q\n\n```py\n# no heading\n```\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n---\n");
  assert.deepEqual(kinds(blocks), ["heading", "paragraph", "list", "list", "quote", "code", "table", "rule"]);
  assert.deepEqual(blocks[0].inside, [{ kind: "text", text: "One" }]);
  assert.equal(blocks[2].items.length, 2);
  assert.equal(blocks[2].items[0].inside[1].kind, "list");
  assert.equal(blocks[2].items[1].task, true);
  assert.deepEqual([blocks[3].ordered, blocks[5].text], [true, "# no heading"]);
  assert.deepEqual(blocks[6].align, ["left", "right"]);
});

test("markdown marks words, and underscores within them are letters", () => {
  const [{ inside }] = parse("a **b *c*** `d*` ~~e~~ snake_case_name 2 * 3 * 4");
  assert.deepEqual(inside.filter((one) => one.kind !== "text").map((one) => one.kind), ["strong", "code", "del"]);
  assert.equal(inside.at(-1).text, " snake_case_name 2 * 3 * 4");
});

test("markup stays text, and links lead nowhere else than they may", () => {
  const [{ inside }] = parse('<img src=x onerror=alert(1)> [a](javascript:alert(1)) [b](https://x.org/y) [c](#/experiments/1) https://z.org/.');
  assert.equal(inside[0].text.startsWith("<img src=x onerror=alert(1)>"), true);
  assert.deepEqual(inside.filter((one) => one.kind === "link").map((one) => one.href), ["https://x.org/y", "#/experiments/1", "https://z.org/"]);
  for (const href of ["javascript:alert(1)", "data:text/html,x", "//x.org", " https://x.org", "vbscript:x", "https://"]) assert.equal(safe(href), "");
});

test("no text takes more than its length", () => {
  const size = 100_000;
  const hostile = ["*", "**a", "_a ", "[", "![a](", "[a](" + " ".repeat(size), "`", "``a`", "> ", "- ", "  ".repeat(9) + "- ", "|", "|-", "~", "# #", "http://)", "\\", "a\n"];
  for (const one of hostile) parse(one.repeat(Math.max(1, size / one.length)));
  parse("- a\n".repeat(20_000));
  parse("#" + " #".repeat(size));
});
