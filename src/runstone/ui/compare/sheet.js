/** Runs side by side: a column each, the names of what is compared in a first column that stands still. */

import { colour } from "../ground/colours.js";
import { classes, html, useState } from "../ground/html.js";
import { link } from "../ground/route.js";

/**
 * @typedef {{key: string, differs: boolean, cells: () => any[], title?: any, number?: boolean, other?: boolean[]}} Row
 *   cells: one a run, made when the row is drawn; other: which of them are not as the baseline's
 * @typedef {{title: string, rows: Row[], none: string, extra?: any}} Section
 */

/** Cells of a section that are drawn at first, and rows at least: 50 runs of 1,000 metrics are no reason to wait. */
const CELLS = 2_500;
const ROWS = 20;

/**
 * @param {{
 *   runs: import("./runs.js").Compared[], base: string, sections: Section[], only: boolean, text: string, label: string,
 *   setBase: (id: string) => void, remove: (id: string) => void,
 * }} props base: the baseline's id, or ""; only: rows that differ
 */
export function Sheet({ runs, base, sections, only, text, label, setBase, remove }) {
  return html`<div class="sheet" role="region" aria-label=${label} tabindex="0"><table style=${{ "--runs": runs.length }}>
    <thead><tr>
      <th scope="col"><span class="quiet small">${runs.length} runs</span></th>
      ${runs.map(
        (run) => html`<th key=${run.run_id} scope="col" class=${run.run_id === base ? "base" : ""}>
          <div class="row"><span class="dot" style=${{ color: colour(run.run_id, run.colour) }} />
            ${run.gone ? html`<span class="cut quiet" title=${run.run_id}>${run.run_id}</span>` : html`<a class="cut grow" title=${run.run_name} href=${link(["experiments", run.experiment_id, "runs", run.run_id])}>${run.run_name}</a>`}
            <button type="button" class="plain" aria-label=${`Take ${run.run_name} out`} title="Take out" onClick=${() => remove(run.run_id)}>×</button></div>
          <div class="row">${run.gone
            ? html`<span class="tag">not there any more</span>`
            : html`<button type="button" class="plain small base-button" aria-pressed=${run.run_id === base} aria-label=${`${run.run_name} ${run.run_id === base ? "baseline" : "as baseline"}`} onClick=${() => setBase(run.run_id === base ? "" : run.run_id)}>${run.run_id === base ? "baseline" : "as baseline"}</button>`}</div>
        </th>`,
      )}
    </tr></thead>
    ${sections.map((section) => html`<${Part} key=${section.title} section=${section} only=${only} text=${text.toLowerCase()} columns=${runs.length} base=${runs.findIndex((run) => run.run_id === base)} />`)}
  </table></div>`;
}

/** @param {{section: Section, only: boolean, text: string, columns: number, base: number}} props */
function Part({ section, only, text, columns, base }) {
  const most = Math.max(ROWS, Math.floor(CELLS / columns));
  const [times, setTimes] = useState(1);
  const differing = section.rows.filter((row) => row.differs).length;
  const found = section.rows.filter((row) => (!only || row.differs) && row.key.toLowerCase().includes(text));
  const shown = found.slice(0, most * times);
  const none = section.rows.length === 0 ? section.none : found.length === 0 ? (text ? "No name fits." : "All the same.") : "";
  return html`<tbody>
    <tr class="section"><th scope="rowgroup" colspan=${columns + 1}><div class="row"><span>${section.title}</span>
      <span class="quiet small">${section.rows.length > 0 && `${section.rows.length.toLocaleString("en")}, ${differing.toLocaleString("en")} ${differing === 1 ? "differs" : "differ"}`}</span>${section.extra}${none && html`<span class="quiet small">${none}</span>`}</div></th></tr>
    ${shown.map(
      (row) => html`<tr key=${row.key} class=${row.differs ? "differs" : "same"}>
        <th scope="row"><div class="row">${row.title ?? html`<span class="cut" title=${row.key}>${row.key}</span>`}</div></th>
        ${row.cells().map((cell, at) => html`<td key=${at} class=${classes(row.number && "number", at === base && "base", row.other?.[at] && "other")}>${cell ?? html`<span class="quiet" aria-label="none">–</span>`}</td>`)}
      </tr>`,
    )}
    ${found.length > shown.length && html`<tr><th scope="row" colspan=${columns + 1}><button type="button" class="plain" onClick=${() => setTimes(2 * times + 1)}>${(found.length - shown.length).toLocaleString("en")} more</button></th></tr>`}
  </tbody>`;
}

/**
 * A row of texts, undefined where a run has none.
 * @param {string} key
 * @param {(string | undefined)[]} values
 * @param {number} base the baseline's place, or -1
 * @param {any} [title]
 * @returns {Row}
 */
export function texts(key, values, base, title) {
  return {
    key, title, differs: values.some((value) => value !== values[0]),
    cells: () => values.map((value) => (value === undefined ? null : html`<span class="value mono" title=${value}>${value === "" ? html`<span class="quiet">""</span>` : value}</span>`)),
    other: base < 0 ? undefined : values.map((value) => value !== values[base]),
  };
}

/** All keys of some maps, in the order in which people count. @param {Map<string, unknown>[]} maps */
export const keysOf = (maps) => [...new Set(maps.flatMap((map) => [...map.keys()]))].sort((one, other) => one.localeCompare(other, undefined, { numeric: true }));
