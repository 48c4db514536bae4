/** All experiments: what there is, how much of it, what happened last. */

import { get, post, Refused, useAnswer } from "../ground/api.js";
import { ago, counted, when } from "../ground/format.js";
import { html, useEffect, useMemo, useState } from "../ground/html.js";
import { favourites, toggleFavourite } from "../ground/kept.js";
import { useKeys } from "../ground/keys.js";
import { change, go, link } from "../ground/route.js";
import { unmarked } from "../ground/unmarked.js";
import { archive, archiveAll, create, describe, rename, restore, restoreAll, tagged } from "../experiments/changing.js";
import { begin } from "../parts/begin.js";
import { Heading } from "../parts/heading.js";
import { Menu } from "../parts/menu.js";
import { useRows } from "../parts/rows.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";

/** Experiments that are drawn at first, and with each further press. */
const MOST = 200;
const NOTE = "mlflow.note.content";

/** @typedef {{experiment_id: string, name: string, lifecycle_stage?: string, last_update_time?: number, tags?: {key: string, value: string}[]}} Experiment */
/** @typedef {{experiment_id: string, runs: number, running?: number, last_start_time?: number}} Activity */

/** @param {Experiment} one @param {string} key */
const tag = (one, key) => one.tags?.find((other) => other.key === key)?.value ?? "";

/** @param {AbortSignal} signal @param {boolean} archived */
async function all(signal, archived) {
  /** @type {Experiment[]} */
  const found = [];
  let token;
  do {
    const page = await post("/mlflow/experiments/search", { max_results: 1000, page_token: token, view_type: archived ? "DELETED_ONLY" : "ACTIVE_ONLY" }, { signal });
    found.push(...(page.experiments ?? []));
    token = page.next_page_token;
  } while (token);
  const activity = new Map((await get("/runstone/experiments/activity", {}, signal)).experiments?.map((/** @type {Activity} */ one) => [one.experiment_id, one]));
  return found.map((one) => ({ ...one, activity: /** @type {Activity | undefined} */ (activity.get(one.experiment_id)) }));
}

/** @param {{query: URLSearchParams}} props */
export default function Experiments({ query }) {
  const archived = query.get("state") === "archived";
  const sort = query.get("sort") ?? "activity";
  const text = query.get("find") ?? "";
  const { data, error, again } = useAnswer(["experiments", archived], (signal) => all(signal, archived));
  const shown = useMemo(() => ordered((data ?? []).filter((one) => fits(one, text)), sort, favourites.value), [data, text, sort, favourites.value]);
  const [most, setMost] = useState(MOST);
  const drawn = shown.slice(0, most);
  const list = useRows({ one: "experiment", ids: drawn.map(({ experiment_id }) => experiment_id), anew: [text, sort, archived].join("\n"), open: (id) => go(["experiments", id]) });
  const { picked, clear } = list;
  useEffect(() => setMost(MOST), [text, sort, archived]);
  useEffect(clear, [archived]);
  useKeys([
    { keys: "/", does: "Find an experiment", run: () => document.getElementById("find")?.focus() },
    { keys: "n", does: "New experiment", run: () => create(again) },
  ]);
  if (error && !(error instanceof Refused && data)) return html`<${Trouble} error=${error} again=${again} />`;
  /** @param {string} by @param {string} title */
  const head = (by, title) => html`<button type="button" class="grid-sort" onClick=${() => change({ sort: by === "activity" ? null : by })}>${title}${sort === by && html`<span aria-hidden="true">${by === "name" ? "↑" : "↓"}</span>`}</button>`;
  return html`
    <div class="head">
      <${Heading} text="Experiments" />
      <span class="quiet grow cut">${data && counted(data.length, archived ? "archived experiment" : "experiment")}</span>
      <button type="button" class="main" aria-label="New experiment" onClick=${() => create(again)}>New <span class="wide">experiment</span></button>
    </div>
    <div class="row wrap">
      <input id="find" type="search" class="grow" placeholder="Find by name, tag or description ( / )" aria-label="Find experiments" value=${text} onInput=${(/** @type {any} */ event) => change({ find: event.target.value || null })} />
      <button type="button" aria-pressed=${archived} onClick=${() => change({ state: archived ? null : "archived" })}>Archived</button>
    </div>
    ${picked.length > 0 && html`<div class="row wrap bulk" role="toolbar" aria-label="Chosen experiments">
      <span class="quiet">${counted(picked.length, "experiment")} chosen</span>
      ${!archived && html`<button type="button" class="main" disabled=${picked.length < 2} title="Their runs in one table" onClick=${() => go(["experiments", picked.join(",")])}>Open together</button>`}
      ${archived
        ? html`<button type="button" onClick=${() => restoreAll(picked, again).then(clear)}>Restore</button>`
        : html`<button type="button" class="bad" onClick=${() => archiveAll(picked, again).then(clear)}>Archive</button>`}
      <button type="button" class="plain" onClick=${clear}>Clear</button>
    </div>`}
    ${!data
      ? html`<div class="card inside-card"><${Skeleton} rows=${10} /></div>`
      : shown.length === 0
        ? html`<${Empty} title=${text ? "No experiment fits" : archived ? "Nothing is archived" : "No experiments"}>${text ? "Change what is looked for." : archived ? "What is archived waits here, with its runs, until it is restored." : "Press n to make one, or log a run."}<//>`
        : html`<div class="card"><table class="plain experiments">
          <thead><tr><th class="narrow"><span class="hidden">Choose</span></th><th class="narrow"><span class="hidden">Favourite</span></th>
            <th aria-sort=${sort === "name" ? "ascending" : undefined}>${head("name", "Name")}</th>
            <th class="number runs" aria-sort=${sort === "runs" ? "descending" : undefined}>${head("runs", "Runs")}</th>
            <th class="last" aria-sort=${sort === "activity" ? "descending" : undefined}>${head("activity", "Last run")}</th>
            <th class="wide">Description</th><th class="narrow"><span class="hidden">More</span></th></tr></thead>
          <tbody>${drawn.map((one) => html`<${Row} key=${one.experiment_id} one=${one} again=${again} archived=${archived} list=${list} />`)}</tbody>
        </table>${shown.length > most && html`<p class="inside row"><button type="button" onClick=${() => setMost(most + MOST)}>Show more</button> <span class="quiet small">${counted(shown.length - most, "experiment")} more. Typing finds them.</span></p>`}</div>`}
    ${data && !archived && !text && data.every((one) => !one.activity) && html`<${Empty} title="Log a first run" code=${begin(data.length === 1 && data[0].name !== "Default" ? data[0].name : undefined)}>Runs of this store appear here as soon as they start.<//>`}
  `;
}

/** @param {Experiment} one @param {string} text */
function fits(one, text) {
  const wanted = text.toLowerCase();
  return !wanted || one.experiment_id === wanted || one.name.toLowerCase().includes(wanted) || (one.tags ?? []).some(({ key, value }) => `${key}=${value}`.toLowerCase().includes(wanted));
}

/**
 * @template {Experiment & {activity?: Activity}} E
 * @param {E[]} list
 * @param {string} sort
 * @param {string[]} first favourites
 */
function ordered(list, sort, first) {
  /** @param {E} one */
  const last = (one) => one.activity?.last_start_time ?? 0;
  /** @param {E} one */
  const touched = (one) => one.last_update_time ?? 0;
  const by = /** @type {Record<string, (one: E, other: E) => number>} */ ({
    name: (one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }),
    runs: (one, other) => (other.activity?.runs ?? 0) - (one.activity?.runs ?? 0),
    activity: (one, other) => last(other) - last(one) || touched(other) - touched(one),
  });
  const liked = new Set(first);
  return list.sort((one, other) => Number(liked.has(other.experiment_id)) - Number(liked.has(one.experiment_id)) || (by[sort] ?? by.activity)(one, other));
}

/** @param {{one: Experiment & {activity?: Activity}, again: () => void, archived: boolean, list: ReturnType<typeof useRows>}} props */
function Row({ one, again, archived, list }) {
  const liked = favourites.value.includes(one.experiment_id);
  const note = tag(one, NOTE);
  const tags = (one.tags ?? []).filter(({ key }) => !key.startsWith("mlflow.") && !key.startsWith("runstone."));
  return html`<tr ...${list.row(one.experiment_id)}>
    <td class="narrow"><input type="checkbox" aria-label=${`Choose ${one.name}`} checked=${list.picked.includes(one.experiment_id)} onChange=${() => list.pick(one.experiment_id)} /></td>
    <td class="narrow"><button type="button" class="plain star" aria-pressed=${liked} aria-label=${`${one.name} is a favourite`} onClick=${() => toggleFavourite(one.experiment_id)}>${liked ? "★" : "☆"}</button></td>
    <td><a href=${link(["experiments", one.experiment_id])} title=${one.name}><bdi>${one.name}</bdi></a>
      ${tags.length > 0 && html`<span class="row wrap tags">${tags.slice(0, 6).map(({ key, value }) => html`<span class="tag" title=${`${key} = ${value}`}><span class="cut">${key}${value && `: ${value}`}</span></span>`)}</span>`}</td>
    <td class="number">${(one.activity?.runs ?? 0).toLocaleString("en")}</td>
    <td class="quiet nowrap"><time title=${when(one.activity?.last_start_time)}>${ago(one.activity?.last_start_time) || "–"}</time>${one.activity?.running ? html`<br /><span class="status RUNNING">${one.activity.running.toLocaleString("en")} running</span>` : ""}</td>
    <td class="wide quiet"><span class="two-lines"><bdi>${unmarked(note)}</bdi></span></td>
    <td class="narrow"><${Menu} label="⋯" title=${`More about ${one.name}`} plain right>
      ${archived
        ? html`<button type="button" onClick=${() => restore(one, again)}>Restore</button>`
        : html`<button type="button" onClick=${() => rename(one, again)}>Rename…</button>
          <button type="button" onClick=${() => describe(one, note, again)}>Describe…</button>
          <button type="button" onClick=${() => tagged(one, again)}>Tag…</button>
          <hr /><button type="button" class="bad" onClick=${() => archive(one, again)}>Archive</button>`}
    <//></td>
  </tr>`;
}
