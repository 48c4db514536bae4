/** What can be done with registered models, versions and logged models. `again` has what is shown asked for anew. */

import { post } from "../ground/api.js";
import { go } from "../ground/route.js";
import { ask } from "../parts/dialog.js";
import { tried } from "../parts/toasts.js";

/** @typedef {() => void} Again */

/** @param {Again} again */
export function create(again) {
  ask({
    title: "New model", act: "Create", fields: [{ label: "Name", name: "name" }, { label: "Description (Markdown)", name: "description", lines: 5, optional: true }],
    then: async ({ name, description }) => {
      await post("/mlflow/registered-models/create", { name, description: description || undefined });
      again();
      go(["models", name]);
    },
  });
}

/** @param {string} name */
export function rename(name) {
  ask({
    title: `Rename ${name}`, act: "Rename", text: "Whoever loads it by its old name gets nothing from then on.", fields: [{ label: "Name", name: "name", value: name }],
    then: async (values) => {
      await post("/mlflow/registered-models/rename", { name, new_name: values.name });
      go(["models", values.name]);
    },
  });
}

/**
 * Delete something for good: its name is typed again.
 * @param {{title: string, text: string, word: string, act: () => Promise<unknown>}} what
 */
function forGood({ title, text, word, act }) {
  ask({
    title, text, act: "Delete", bad: true, fields: [{ label: `Type ${word} to delete it`, name: "word" }],
    then: async (values) => {
      if (values.word !== word) throw new Error(`That is not ${word}.`);
      await act();
    },
  });
}

/** @param {string} name @param {number} versions */
export function removeModel(name, versions) {
  forGood({
    title: `Delete ${name}`, text: `Its name, ${versions === 1 ? "its version" : "its versions"} and aliases go. Logged models and files stay; the history of changes too.`, word: name,
    act: async () => {
      await post("/mlflow/registered-models/delete", { name }, { method: "DELETE" });
      go(["models"]);
    },
  });
}

/** @param {string} name @param {string} version @param {string[]} aliases */
export function removeVersion(name, version, aliases) {
  const lost = aliases.length > 0 ? `${aliases.map((one) => `@${one}`).join(", ")} will mean nothing. ` : "";
  forGood({
    title: `Delete version ${version} of ${name}`, text: `${lost}Its number is never given again. The logged model and its files stay.`, word: version,
    act: async () => {
      await post("/mlflow/model-versions/delete", { name, version }, { method: "DELETE" });
      go(["models", name]);
    },
  });
}

/** @param {{model_id: string, name: string}} info @param {string} experiment */
export function removeLogged(info, experiment) {
  ask({
    title: `Delete ${info.name}`, text: `${info.model_id} is no longer listed or loaded. Versions that were made of it stay.`, act: "Delete", bad: true,
    then: async () => {
      await post(`/mlflow/logged-models/${encodeURIComponent(info.model_id)}`, {}, { method: "DELETE" });
      go(["experiments", experiment, "models"]);
    },
  });
}

/** @param {string} title @param {string} value @param {(text: string) => Promise<unknown>} set @param {Again} again */
export function describe(title, value, set, again) {
  ask({
    title: `Describe ${title}`, act: "Save", fields: [{ label: "Description (Markdown)", name: "text", value, lines: 10, optional: true }],
    then: async ({ text }) => {
      await set(text);
      again();
    },
  });
}

/** @param {string} name @param {string} text */
export const describeModel = (name, text) => post("/mlflow/registered-models/update", { name, description: text }, { method: "PATCH" });

/** @param {string} name @param {string} version @param {string} text */
export const describeVersion = (name, version, text) => post("/mlflow/model-versions/update", { name, version, description: text }, { method: "PATCH" });

/**
 * How the tags of a thing are set and taken away.
 * @typedef {{title: string, set: (key: string, value: string) => Promise<unknown>, drop: (key: string) => Promise<unknown>}} Tagged
 */

/** @param {string} name @returns {Tagged} */
export const modelTags = (name) => ({
  title: name,
  set: (key, value) => post("/mlflow/registered-models/set-tag", { name, key, value }),
  drop: (key) => post("/mlflow/registered-models/delete-tag", { name, key }, { method: "DELETE" }),
});

/** @param {string} name @param {string} version @returns {Tagged} */
export const versionTags = (name, version) => ({
  title: `version ${version}`,
  set: (key, value) => post("/mlflow/model-versions/set-tag", { name, version, key, value }),
  drop: (key) => post("/mlflow/model-versions/delete-tag", { name, version, key }, { method: "DELETE" }),
});

/** @param {string} model_id @param {string} title @returns {Tagged} */
export const loggedTags = (model_id, title) => ({
  title,
  set: (key, value) => post(`/mlflow/logged-models/${encodeURIComponent(model_id)}/tags`, { tags: [{ key, value }] }, { method: "PATCH" }),
  drop: (key) => post(`/mlflow/logged-models/${encodeURIComponent(model_id)}/tags/${encodeURIComponent(key)}`, {}, { method: "DELETE" }),
});

/** @param {Tagged} tagged @param {Again} again */
export function tag(tagged, again) {
  ask({
    title: `Tag ${tagged.title}`, act: "Set tag", fields: [{ label: "Key", name: "key" }, { label: "Value", name: "value", optional: true }],
    then: async ({ key, value }) => {
      await tagged.set(key, value);
      again();
    },
  });
}

/** @param {Tagged} tagged @param {string} key @param {Again} again */
export async function untag(tagged, key, again) {
  await tried(() => tagged.drop(key), `The tag ${key} is gone`);
  again();
}

/**
 * Make a version of a logged model, or of another version (a copy under another name is how a model is promoted between them).
 * @param {{source: string, model_id?: string, run_id?: string, title: string, suggested?: string}} what
 */
export function register({ source, model_id, run_id, title, suggested = "" }) {
  ask({
    title, act: "Register", fields: [{ label: "Name of the registered model", name: "name", value: suggested, hint: "Made where there is none of that name." }],
    then: async ({ name }) => {
      try {
        await post("/mlflow/registered-models/create", { name });
      } catch (error) {
        if (/** @type {any} */ (error).code !== "RESOURCE_ALREADY_EXISTS") throw error;
      }
      const { model_version } = await post("/mlflow/model-versions/create", { name, source, model_id, run_id });
      go(["models", name, "versions", model_version.version]);
    },
  });
}

/** @param {string} name @param {string} version @param {string} stage @param {Again} again */
export function toStage(name, version, stage, again) {
  ask({
    title: `Bring version ${version} to ${stage}`, text: "Stages are MLflow's older way; aliases are what takes their place.", act: `To ${stage}`,
    then: async () => {
      await post("/mlflow/model-versions/transition-stage", { name, version, stage, archive_existing_versions: false });
      again();
    },
  });
}
