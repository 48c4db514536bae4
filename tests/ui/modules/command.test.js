/** What is told to run a script again is what was run, and nothing that a recorded text would have run besides. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { rerun, words } from "../../../src/runstone/ui/run/command.js";

const tags = (entries) => new Map(Object.entries(entries));

test("a command's words are those that a shell tells apart", () => {
  assert.deepEqual(words("train.py --note 'it'\\''s fine' \"a \\\"b\\\"\" c\\ d ''"), ["train.py", "--note", "it's fine", 'a "b"', "c d", ""]);
  assert.deepEqual(words("train.py 'open"), ["train.py", "'open"]);
});

test("the code's state comes before the script", () => {
  const told = rerun("abc", tags({ "runstone.command": "train.py --lr 0.1", "mlflow.source.git.commit": "0123456789ab", "mlflow.source.git.repoURL": "git@host:team/code.git", "mlflow.source.git.dirty": "true" }), "http://s");
  assert.deepEqual(told.split("\n"), [
    "export RUNSTONE_URI=http://s", "git clone git@host:team/code.git && cd code", "git checkout 0123456789ab", "runstone artifacts cat abc .runstone/diff.patch | git apply", "runstone run train.py --lr 0.1",
  ]);
  assert.equal(rerun("abc", tags({ "mlflow.source.name": "/usr/bin/python" }), "http://s"), "");
});

test("a recorded text is never a command of its own", () => {
  const malice = "train.py; rm -rf ~ $(reboot) `reboot` | sh && x > y & \n reboot #";
  const told = rerun("abc", tags({ "runstone.command": `a.py ${malice}`, "mlflow.source.git.commit": "$(reboot)", "mlflow.source.git.repoURL": "ext::sh -c reboot/code" }), "http://s");
  assert.equal(told, "export RUNSTONE_URI=http://s\nrunstone run a.py 'train.py;' rm -rf '~' '$(reboot)' '`reboot`' '|' sh '&&' x '>' y '&' reboot '#'");
  assert.equal(rerun("abc", tags({ "runstone.command": "rm -rf x.py" }), "s"), "");
  for (const one of ["'", "\\", '"', "a'", '"\\']) words(one.repeat(100_000));
  for (const origin of ["https://x/\x03\nreboot\n/code", "https://x/\u202edoc/code", "-u@x:code", "ssh://-oProxyCommand=reboot/code", "git@-oProxyCommand:code"]) {
    assert.equal(rerun("abc", tags({ "runstone.command": "a.py", "mlflow.source.git.repoURL": origin }), "s"), "export RUNSTONE_URI=s\nrunstone run a.py", origin);
  }
});
