/** Runs side by side: a column each, the names of what is compared in a first column that stands still. */

import { colour } from "../ground/colours.js";
import { natural } from "../ground/format.js";
import { classes, html, useEffect, useLayoutEffect, useRef, useState } from "../ground/html.js";
import { link } from "../ground/route.js";

/**
 * @typedef {{key: string, differs: boolean, cell: (at: number) => any, title?: any, number?: boolean, other?: boolean[]}} Row
 *   cell: of the run in that place, made when it is drawn; other: which of them are not as the baseline's
 * @typedef {{title: string, rows: Row[], none: string, extra?: any}} Section
 */

/** Rows of a section that are drawn at first: 50 runs of 1,000 metrics are no reason to wait. */
const ROWS = 60;
/** Rows whose cells come and go together, and pixels beyond what can be seen where they are there. */
const TOGETHER = 15;
const BEYOND = "300px 0px";
/** How high a row is whose cells are not there: of a metric with the way from a baseline, of anything else. */
const HIGH = 45, LOW = 30;
/** Columns that are drawn beyond what can be seen, and by how many this moves at a time. */
const ASIDE = 2;

/**
 * @param {{
 *   runs: import("./runs.js").Compared[], base: string, sections: Section[], only: boolean, text: string, label: string,
 *   setBase: (id: string) => void, remove: (id: string) => void,
 * }} props base: the baseline's id, or ""; only: rows that differ
 */
export function Sheet({ runs, base, sections, only, text, label, setBase, remove }) {
  const { box, first, last, look } = useSeen(runs.length);
  const at = runs.findIndex((run) => run.run_id === base);
  return html`<div class="sheet" role="region" aria-label=${label} tabindex="0" ref=${box} onScroll=${look}><table style=${{ "--runs": runs.length }} aria-colcount=${runs.length + 1}>
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
    ${sections.map((section) => html`<${Part} key=${section.title} section=${section} only=${only} text=${text.toLowerCase()} columns=${runs.length} base=${at} first=${first} last=${last} />`)}
  </table></div>`;
}

/**
 * Which columns can be seen, as the sheet is scrolled: of fifty, six or seven.
 * @param {number} columns
 */
function useSeen(columns) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [seen, setSeen] = useState({ first: 0, last: 8 });
  const look = () => {
    const element = box.current;
    const [names, one] = element?.querySelectorAll("thead th") ?? [];
    if (!element || !one) return;
    const [before, each] = [names.getBoundingClientRect().width, one.getBoundingClientRect().width];
    const first = Math.max(0, Math.floor(element.scrollLeft / each / ASIDE) * ASIDE - ASIDE);
    const last = first + ASIDE * (2 + Math.ceil((element.clientWidth - before) / each / ASIDE));
    setSeen((was) => (was.first === first && was.last === last ? was : { first, last }));
  };
  useLayoutEffect(() => {
    look();
    const watch = new ResizeObserver(look);
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, [columns]);
  return { box, look, first: seen.first, last: Math.min(seen.last, columns) };
}

/** @param {{section: Section, only: boolean, text: string, columns: number, base: number, first: number, last: number}} props first, last: the columns that are drawn, and the baseline's */
function Part({ section, only, text, columns, base, first, last }) {
  const [times, setTimes] = useState(1);
  const differing = section.rows.filter((row) => row.differs).length;
  const found = section.rows.filter((row) => (!only || row.differs) && row.key.toLowerCase().includes(text));
  const shown = found.slice(0, ROWS * times);
  const none = section.rows.length === 0 ? section.none : found.length === 0 ? (text ? "No name fits." : "All the same.") : "";
  /** @type {Row[][]} */
  const some = [];
  for (let at = 0; at < shown.length; at += TOGETHER) some.push(shown.slice(at, at + TOGETHER));
  return html`<tbody>
    <tr class="section"><th scope="rowgroup" colspan=${columns + 1}><div class="row"><span>${section.title}</span>
      <span class="quiet small">${section.rows.length > 0 && `${section.rows.length.toLocaleString("en")}, ${differing.toLocaleString("en")} ${differing === 1 ? "differs" : "differ"}`}</span>${section.extra}${none && html`<span class="quiet small">${none}</span>`}</div></th></tr></tbody>
    ${some.map((rows, at) => html`<${Rows} key=${at} rows=${rows} soon=${at === 0} columns=${columns} base=${base} first=${first} last=${last} />`)}
    ${found.length > shown.length && html`<tbody><tr><th scope="row" colspan=${columns + 1}><button type="button" class="plain" onClick=${() => setTimes(2 * times + 1)}>${(found.length - shown.length).toLocaleString("en")} more</button></th></tr></tbody>`}`;
}

/**
 * Some rows. Their names are always there, so that the browser finds them; their cells while they are near what is seen.
 * @param {{rows: Row[], soon: boolean, columns: number, base: number, first: number, last: number}} props soon: they are seen at first
 */
function Rows({ rows, soon, columns, base, first, last }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [near, setNear] = useState(soon);
  useEffect(() => {
    const watch = new IntersectionObserver((told) => setNear(told[told.length - 1].isIntersecting), { root: box.current?.closest(".sheet"), rootMargin: BEYOND });
    watch.observe(/** @type {HTMLElement} */ (box.current));
    return () => watch.disconnect();
  }, []);
  const pinned = base >= 0 && base < first ? [base] : [];
  const drawn = Array.from({ length: Math.max(0, last - first) }, (_, place) => first + place);
  const [before, after] = [first - pinned.length, columns - last];
  /** @param {Row} row */
  const cells = (row) => html`${pinned.map((at) => cell(row, at, base))}
    ${before > 0 && html`<td class="away" colspan=${before} aria-hidden="true" />`}
    ${drawn.map((at) => cell(row, at, base))}
    ${after > 0 && html`<td class="away" colspan=${after} aria-hidden="true" />`}`;
  return html`<tbody ref=${box}>${rows.map((row) => html`<tr key=${row.key} class=${row.differs ? "differs" : "same"}>
    <th scope="row"><div class="row">${row.title ?? html`<span class="cut" title=${row.key}>${row.key}</span>`}</div></th>
    ${near ? cells(row) : html`<td class="away" colspan=${columns} style=${{ height: `${row.number && base >= 0 ? HIGH : LOW}px` }} aria-hidden="true" />`}
  </tr>`)}</tbody>`;
}

/** @param {Row} row @param {number} at @param {number} base */
const cell = (row, at, base) =>
  html`<td key=${at} aria-colindex=${at + 2} class=${classes(row.number && "number", at === base && "base", row.other?.[at] && "other")}>${row.cell(at) ?? html`<span class="quiet" aria-label="none">–</span>`}</td>`;

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
    cell: (at) => {
      const value = values[at];
      return value === undefined ? null : html`<span class="value mono" title=${value}>${value === "" ? html`<span class="quiet">""</span>` : value}</span>`;
    },
    other: base < 0 ? undefined : values.map((value) => value !== values[base]),
  };
}

/** All keys of some maps, in the order in which people count. @param {Map<string, unknown>[]} maps */
export const keysOf = (maps) => [...new Set(maps.flatMap((map) => [...map.keys()]))].sort(natural);
