/** A run's tags, changed where they stand. Those that runstone and MLflow set by themselves are shown elsewhere, or when asked for. */

import { post } from "../ground/api.js";
import { counted } from "../ground/format.js";
import { html, useState } from "../ground/html.js";
import { ask } from "../parts/dialog.js";
import { Editable } from "../parts/editable.js";

/** Tags that are drawn before one asks for more. */
const ROWS = 200;

/** @typedef {{key: string, value: string}} Pair */

/** @param {{run: string, tags: Pair[], again: () => unknown}} props */
export function Tags({ run, tags, again }) {
  const [every, setEvery] = useState(false);
  const [all, setAll] = useState(false);
  const set = (/** @type {string} */ key) => async (/** @type {string} */ value) => {
    await post("/mlflow/runs/set-tag", { run_id: run, key, value });
    await again(); // until then the old one would stand there
  };
  const add = () =>
    ask({
      title: "Add a tag", act: "Add", fields: [{ label: "Key", name: "key" }, { label: "Value", name: "value", optional: true }],
      then: async ({ key, value }) => {
        const there = tags.find((one) => one.key === key);
        if (there) throw new Error(`The run has this tag already: it is ${JSON.stringify(there.value.slice(0, 200))}. Change it there.`);
        await set(key)(value);
      },
    });
  const remove = (/** @type {Pair} */ { key, value }) =>
    ask({
      title: "Remove the tag?", text: `${key}${value ? ` = ${value.slice(0, 300)}` : ""}`, act: "Remove", bad: true,
      then: async () => {
        await post("/mlflow/runs/delete-tag", { run_id: run, key });
        await again();
      },
    });
  const own = tags.filter(({ key }) => !/^(mlflow|runstone)\./.test(key));
  const shown = every ? [...own, ...tags.filter((one) => !own.includes(one))] : own;
  const drawn = all ? shown : shown.slice(0, ROWS);
  const others = tags.length - own.length;
  return html`<section class="card" aria-label="Tags"><header><h2 class="grow">Tags <span class="quiet small">${own.length}</span></h2>
    ${others > 0 && html`<button type="button" class="plain small" aria-pressed=${every} onClick=${() => setEvery(!every)}>${every ? "Own only" : `All ${tags.length}`}</button>`}
    <button type="button" class="plain" onClick=${add}>Add</button></header>
    ${shown.length === 0
      ? html`<p class="inside quiet">None yet.</p>`
      : html`<table class="plain pairs"><colgroup><col class="key" /><col /><col class="slim" /></colgroup><thead class="hidden"><tr><th>Key</th><th>Value</th><th>Remove</th></tr></thead><tbody>${drawn.map((one) => html`<tr key=${one.key}>
        <td class="key">${one.key}</td>
        <td><${Editable} value=${one.value} label=${one.key} save=${set(one.key)} lines=${one.value.length > 80 || one.value.includes("\n") ? 4 : 0} optional><span class="tag-value">${one.value}</span><//></td>
        <td class="slim"><button type="button" class="plain small on-hover" aria-label=${`Remove ${one.key}`} title="Remove" onClick=${() => remove(one)}>×</button></td>
      </tr>`)}</tbody></table>`}
    ${drawn.length < shown.length && html`<button type="button" class="plain more-rows" onClick=${() => setAll(true)}>Show ${counted(shown.length - ROWS, "more tag")}</button>`}
  </section>`;
}
