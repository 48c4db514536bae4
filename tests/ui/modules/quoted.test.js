/** What is copied is the same text again to whoever takes it, and what is seen of it is what runs. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { flat, python, seen, shell, word } from "../../../src/runstone/ui/ground/quoted.js";

const HOSTILE = [
  "it's \"$(touch /tmp/x)\" `id` \\ \u202e \u2028 \ud83d\ude00 \n--", "-n %s\u200b\\x", "a\x1b[201~\rreboot\x03", "\x7f\x7f\x9b;", "\udb40\udc41 \\udb40\\udc41", "!history $HOME", "1\u00ad2",
];

test("a text is one word to a shell, and nothing of it obeyed by a terminal", () => {
  for (const text of HOSTILE) {
    for (const spelt of [shell(text), word(text)]) {
      assert.equal(execFileSync("sh", ["-c", `printf %s ${spelt}`], { encoding: "utf8" }), text);
      assert.ok(seen(spelt), spelt);
    }
  }
});

test("a text is the same to Python, and all of it is seen", () => {
  const spelt = HOSTILE.map(python);
  assert.ok(spelt.every(seen), spelt);
  const told = execFileSync("python3", ["-c", `import sys; sys.stdout.buffer.write("\\0".join([${spelt}]).encode())`], { encoding: "utf8" });
  assert.deepEqual(told.split("\0"), HOSTILE);
});

test("what is copied as a line is one", () => {
  assert.equal(flat("a\r\nb\x1b[201~\tc"), "a b [201~ c");
});
