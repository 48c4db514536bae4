/** What was written to a terminal, as lines in colours; and the traceback at its end. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { inked, plain } from "../../../src/runstone/ui/parts/ansi.js";
import { Lines } from "../../../src/runstone/ui/parts/terminal.js";
import { traceback } from "../../../src/runstone/ui/run/traceback.js";

test("colours become inks, and other orders go", () => {
  const { pieces, ink } = inked("a\x1b[1;31mb\x1b[0m\x1b[2K\x1b]0;title\x07c\x1b[38;5;196md\x1b[48;2;1;2;3me\x08");
  assert.deepEqual(pieces.map(({ text, ink: own }) => [text, own]), [
    ["a", {}], ["b", { bold: true, front: 1 }], ["c", {}], ["d", { front: "rgb(255 0 0)" }], ["e", { front: "rgb(255 0 0)", back: "rgb(1 2 3)" }],
  ]);
  assert.equal(ink.back, "rgb(1 2 3)");
});

test("a line that was written over is its last state, however it came in pieces", () => {
  const text = "start\n 10%\r 50%\r100%\r\n\x1b[32mgreen\nstill\x1b[0m\nend";
  for (const size of [1, 2, 5, 100]) {
    const lines = new Lines();
    for (let at = 0; at < text.length; at += size) lines.add(text.slice(at, at + size));
    assert.deepEqual(Array.from({ length: lines.count }, (_, at) => plain(lines.text(at))), ["start", "100%", "green", "still", "end"]);
    assert.equal(lines.pieces(3)[0].ink.front, 2);
    assert.equal(lines.pieces(4)[0].ink.front, undefined);
  }
});

test("a traceback is found with what caused it", () => {
  const text = 'x\nTraceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\n' +
    'Traceback (most recent call last):\n  File "a.py", line 2, in <module>\n    g()\nmodule.Error: two\nlines\n\nbye\n';
  const found = traceback(text);
  assert.equal(found.exception, "module.Error: two\nlines");
  assert.ok(found.whole.startsWith("Traceback") && found.whole.includes("KeyError: 1"));
  assert.equal(traceback("all is well\n"), null);
});

test("no line takes more than its length", () => {
  for (const one of ["\x1b[", "\x1b]", "\x1bP", "\x1b[1;", "\x1b"]) plain(one.repeat(100_000));
});
