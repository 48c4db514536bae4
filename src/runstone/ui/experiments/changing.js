/** What can be done with an experiment. `again` has the list asked for anew. */

import { post } from "../ground/api.js";
import { counted } from "../ground/format.js";
import { go } from "../ground/route.js";
import { ask } from "../parts/dialog.js";
import { say, tried } from "../parts/toasts.js";

/** @typedef {{experiment_id: string, name: string}} Named */

/** @param {() => void} again */
export function create(again) {
  ask({
    title: "New experiment", act: "Create", fields: [{ label: "Name", name: "name" }],
    then: async ({ name }) => {
      const { experiment_id } = await post("/mlflow/experiments/create", { name });
      again();
      go(["experiments", experiment_id]);
    },
  });
}

/** @param {Named} one @param {() => void} again */
export function rename(one, again) {
  ask({
    title: `Rename ${one.name}`, act: "Rename", fields: [{ label: "Name", name: "name", value: one.name }],
    then: async ({ name }) => {
      await post("/mlflow/experiments/update", { experiment_id: one.experiment_id, new_name: name });
      again();
    },
  });
}

/** @param {Named} one @param {string} note @param {() => void} again */
export function describe(one, note, again) {
  ask({
    title: `Describe ${one.name}`, act: "Save", fields: [{ label: "Description (Markdown)", name: "note", value: note, lines: 8, optional: true }],
    then: async (values) => {
      await post("/mlflow/experiments/set-experiment-tag", { experiment_id: one.experiment_id, key: "mlflow.note.content", value: values.note });
      again();
    },
  });
}

/** @param {Named} one @param {() => void} again */
export function tagged(one, again) {
  ask({
    title: `Tag ${one.name}`, act: "Set tag", fields: [{ label: "Key", name: "key" }, { label: "Value", name: "value", optional: true }],
    then: async ({ key, value }) => {
      await post("/mlflow/experiments/set-experiment-tag", { experiment_id: one.experiment_id, key, value });
      again();
    },
  });
}

/** @param {Named} one @param {() => void} again */
export async function archive(one, again) {
  const done = await tried(() => post("/mlflow/experiments/delete", { experiment_id: one.experiment_id }));
  if (done === undefined) return;
  again();
  say(`${one.name} is archived, with its runs`, { undo: () => restore(one, again) });
}

/** @param {Named} one @param {() => void} again */
export async function restore(one, again) {
  await tried(() => post("/mlflow/experiments/restore", { experiment_id: one.experiment_id }), `${one.name} is back`);
  again();
}

/** @param {string[]} ids @param {() => void} again */
export async function archiveAll(ids, again) {
  const done = await tried(() => Promise.all(ids.map((experiment_id) => post("/mlflow/experiments/delete", { experiment_id }))));
  again();
  if (done) say(`${counted(ids.length, "experiment")} archived, with their runs`, { undo: () => restoreAll(ids, again) });
}

/** @param {string[]} ids @param {() => void} again */
export async function restoreAll(ids, again) {
  await tried(() => Promise.all(ids.map((experiment_id) => post("/mlflow/experiments/restore", { experiment_id }))), `${counted(ids.length, "experiment")} restored`);
  again();
}
