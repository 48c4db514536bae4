/** The commands that run a script again, of texts that may be anybody's: none of them is ever more than a word. */

import { flat, seen, word } from "../ground/quoted.js";

/** Where git may fetch from; nothing that it would take for an option, also of ssh's. */
const ORIGIN = /^(?:(?:https?|ssh):\/\/(?!-)|\w[\w.-]*@\w[\w.-]*:)/;

/**
 * The words of a command as a shell would tell them apart. What was recorded may be anybody's, so nothing in it may mean more than a word.
 * @param {string} command
 */
export function words(command) {
  /** @type {string[]} */
  const found = [];
  for (const [, spelt] of flat(command).matchAll(/((?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*"|['"\\])+)/g)) {
    found.push(spelt.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, single, double, one) => single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? one));
  }
  return found;
}

/**
 * The commands that run it again, from what is known of its code.
 * @param {string} run
 * @param {Map<string, string>} tags
 * @param {string} server
 * @returns {string} "" where no script is known
 */
export function rerun(run, tags, server) {
  const command = words(tags.get("runstone.command") || tags.get("mlflow.source.name") || "");
  if (!/^[^-].*\.(?:py|pyz|zip)$/.test(command[0] ?? "")) return "";
  const [commit, origin] = [tags.get("mlflow.source.git.commit") ?? "", tags.get("mlflow.source.git.repoURL") ?? ""];
  const folder = origin.replace(/\/+$/, "").replace(/\.git$/, "").split(/[/:]/).at(-1) ?? "";
  const told = [`export RUNSTONE_URI=${word(server)}`];
  if (ORIGIN.test(origin) && seen(origin) && /^\w/.test(folder)) told.push(`git clone ${word(origin)} && cd ${word(folder)}`);
  if (/^[0-9a-f]{7,64}$/.test(commit)) {
    told.push(`git checkout ${commit}`);
    if (tags.get("mlflow.source.git.dirty") === "true") told.push(`runstone artifacts cat ${word(run)} .runstone/diff.patch | git apply`);
  }
  told.push(`runstone run ${command.map(word).join(" ")}`);
  return told.join("\n");
}
