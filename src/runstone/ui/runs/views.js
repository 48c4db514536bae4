/** Saved views: what a table shows under a name, for all who look at the experiment. Each is a tag of it, so that two who save take nothing from each other. */

import { post } from "../ground/api.js";
import { html } from "../ground/html.js";
import { link, place } from "../ground/route.js";
import { copied } from "../parts/code.js";
import { ask } from "../parts/dialog.js";
import { Menu } from "../parts/menu.js";
import { say, tried } from "../parts/toasts.js";

const TAG = "runstone.view.";
const MOST = 100;
/** What an experiment's tag can hold. */
const LONGEST = 20_000;

/**
 * The views that an experiment has, by name.
 * @param {{tags?: {key: string, value: string}[]} | undefined} experiment
 */
export const viewsOf = (experiment) =>
  (experiment?.tags ?? []).filter(({ key }) => key.startsWith(TAG)).map(({ key, value }) => ({ name: key.slice(TAG.length), query: value })).sort((one, other) => one.name.localeCompare(other.name));

/** Now, as it would be saved. */
function now() {
  const query = new URLSearchParams(place.value.query);
  for (const name of ["from", "to"]) query.delete(name);
  query.sort();
  return query.toString();
}

/** @param {{experiment: any, again: () => void}} props again: its tags have changed */
export function Views({ experiment, again }) {
  const views = viewsOf(experiment);
  const current = now();
  const experiment_id = experiment?.experiment_id;
  const save = () =>
    ask({
      title: "Save this view", act: "Save", text: "Filter, columns, order, grouping and charts, for all who look at this experiment.",
      fields: [{ label: "Name", name: "name", hint: "Letters, digits, spaces, - _ . : /. A view of the same name is replaced." }],
      then: async ({ name }) => {
        if (views.length >= MOST && !views.some((one) => one.name === name)) throw new Error(`An experiment has ${MOST} views at the most. Delete one first.`);
        if (current.length > LONGEST) throw new Error("This view has too many columns to be saved. Take some away.");
        await post("/mlflow/experiments/set-experiment-tag", { experiment_id, key: TAG + name.trim(), value: current });
        again();
        say(`View ${name} saved`);
      },
    });
  /** @param {{name: string, query: string}} view */
  const drop = async (view) => {
    const key = TAG + view.name;
    await tried(async () => {
      await post("/mlflow/experiments/delete-experiment-tag", { experiment_id, key });
      again();
      say(`View ${view.name} deleted`, { undo: () => tried(() => post("/mlflow/experiments/set-experiment-tag", { experiment_id, key, value: view.query })).then(again) });
    });
  };
  /** @param {string} query */
  const href = (query) => link(place.value.parts, new URLSearchParams(query));
  // One that was saved before charts were laid out is the same with any layout.
  const plain = new URLSearchParams(current);
  plain.delete("laid");
  const named = views.find(({ query }) => query === current) ?? views.find(({ query }) => query === plain.toString());
  return html`<${Menu} label=${named ? `View: ${named.name}` : "Views"} right>
    <div class="views">
      ${views.length === 0 && html`<p class="small quiet">None are saved yet.</p>`}
      ${views.map(
        (view) => html`<div key=${view.name} class="row">
          <a class="grow cut" href=${href(view.query)} aria-current=${view === named ? "true" : undefined} title=${view.name}>${view.name}</a>
          <button type="button" class="plain small" aria-label=${`Delete the view ${view.name}`} onClick=${() => drop(view)}>×</button>
        </div>`,
      )}
      <hr />
      <button type="button" onClick=${save}>Save this view…</button>
      <button type="button" onClick=${() => copied(window.location.href).then(() => say("Link copied"))}>Copy link</button>
      <a class="button plain" href=${href("")}>As it is at first</a>
    </div>
  <//>`;
}
