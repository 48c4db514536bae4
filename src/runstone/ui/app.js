/** The page: bar, place, keyboard. Each page is a module that is loaded when one goes there. */

import { html, render, useEffect, useErrorBoundary, useLayoutEffect, useRef, useState } from "./ground/html.js";
import { bindings, spelled, useKeys } from "./ground/keys.js";
import { dark, theme } from "./ground/kept.js";
import { doubted, reached, returns } from "./ground/reach.js";
import { link, place } from "./ground/route.js";
import { Palette } from "./palette/palette.js";
import { Above, Questions } from "./parts/dialog.js";
import { Heading } from "./parts/heading.js";
import { Skeleton, Trouble } from "./parts/states.js";
import { Toasts } from "./parts/toasts.js";

// Of two addresses with one module neither has the other's loaded anew.
const experiments = () => import("./pages/experiments.js");
const runs = () => import("./pages/runs.js");

/**
 * Which module shows a place: the first whose pattern fits; `:name` is any one part, `*` all the rest. The module's default export is a
 * component of `{parts, query}`, the named parts.
 * @type {[string, () => Promise<{default: any}>][]}
 */
const PAGES = [
  ["", experiments],
  ["experiments", experiments],
  ["experiments/:ids", runs],
  ["experiments/:ids/runs", runs],
  ["experiments/:ids/s", runs], // as MLflow once wrote it
  ["compare-experiments/*", () => import("./pages/compare_experiments.js")],
  ["experiments/:ids/runs/:run/*", () => import("./pages/run.js")],
  ["experiments/:ids/models", () => import("./pages/logged_models.js")],
  ["experiments/:ids/models/:model/*", () => import("./pages/logged_model.js")],
  ["models", () => import("./pages/models.js")],
  ["models/:name", () => import("./pages/model.js")],
  ["models/:name/versions/:version", () => import("./pages/version.js")],
  ["webhooks", () => import("./pages/webhooks.js")],
  ["compare-model-versions", () => import("./pages/compare_versions.js")],
  ["compare-runs", () => import("./pages/compare.js")],
  ["metric/*", () => import("./pages/metric.js")],
  ["runs/:run/*", () => import("./pages/run.js")],
];

const PLACES = [
  { name: "Experiments", parts: ["experiments"] },
  { name: "Models", parts: ["models"] },
];

/**
 * @param {string} pattern
 * @param {string[]} parts
 * @returns {Record<string, string> | null}
 */
function fitted(pattern, parts) {
  const wanted = pattern.split("/").filter(Boolean);
  /** @type {Record<string, string>} */
  const named = {};
  for (const [at, one] of wanted.entries()) {
    if (one === "*") return { ...named, rest: parts.slice(at).join("/") };
    if (at >= parts.length) return null;
    if (one.startsWith(":")) named[one.slice(1)] = parts[at];
    else if (one !== parts[at]) return null;
  }
  return wanted.length === parts.length ? named : null;
}

function Page() {
  const { parts, query } = place.value;
  const [error, forget] = useErrorBoundary((problem) => console.error(problem));
  const [loaded, setLoaded] = useState(/** @type {{load: any, component: any} | null} */ (null));
  const [failed, setFailed] = useState(/** @type {Error | null} */ (null));
  let named = /** @type {Record<string, string> | null} */ (null);
  const found = PAGES.find(([pattern]) => (named = fitted(pattern, parts)));
  const load = found?.[1];
  useLayoutEffect(() => {
    let wanted = true;
    setFailed(null);
    load?.().then(
      (module) => wanted && setLoaded({ load, component: module.default }),
      async (problem) => {
        console.info(problem);
        await doubted();
        if (wanted) setFailed(new Error(reached.value ? "The files of this page are not there any more. Load it anew: the server may be of another version now." : "The files of this page could not be loaded. Is the server still running?"));
      },
    );
    return () => {
      wanted = false;
    };
  }, [load]);
  // A module that could not be fetched once is not fetched again: browsers remember that.
  const back = failed !== null && returns.value > 0 && reached.value;
  useEffect(() => {
    if (back) window.location.reload();
  }, [back]);
  useEffect(() => forget(), [parts.join("/")]);
  if (!load) return html`<${Nowhere} at=${parts.join("/")} />`;
  const problem = error ?? failed;
  if (problem) return html`<${Trouble} error=${problem} again=${() => (failed ? window.location.reload() : forget())} />`;
  if (loaded?.load !== load) return html`<${Skeleton} rows=${8} />`;
  // What is shown of one run (or experiment, or model) is not to stand under another's address until that has come.
  const whose = JSON.stringify({ ...named, rest: undefined });
  return html`<${loaded.component} key=${whose} parts=${named} query=${query} />`;
}

/** @param {{at: string}} props */
function Nowhere({ at }) {
  return html`<section class="empty">
    <${Heading} text="There is no page here" />
    <p class="quiet">Nothing is shown at <code>${at.slice(0, 200)}</code>. The address may be mistyped, or of a newer runstone.</p>
    <p class="row wrap"><a class="button" href=${link(["experiments"])}>All experiments</a> <span class="quiet">or <kbd>${spelled("mod+k")}</kbd> to go somewhere by its name.</span></p>
  </section>`;
}

/** @param {{close: () => void}} props */
function Help({ close }) {
  const all = bindings().filter((one) => one.does && one.keys);
  /** @param {string} title @param {typeof all} list */
  const part = (title, list) => list.length > 0 && html`<h3>${title}</h3>
    <dl class="facts keys">${list.map((one) => html`<dt>${one.keys.split(" ").map((key) => html`<kbd>${spelled(key)}</kbd> `)}</dt><dd>${one.does}</dd>`)}</dl>`;
  return html`<${Above} label="Keyboard" close=${close}><div class="inside">
    <h2>Keyboard</h2>
    ${part("On this page", all.filter((one) => !one.everywhere))}
    ${part("Everywhere", all.filter((one) => one.everywhere))}
    <p class="quiet small">Escape closes what lies above. Filters are explained in the docs, in search.md.</p>
    <footer><button type="button" onClick=${close}>Close</button></footer>
  </div><//>`;
}

/** The mark of icon.svg, drawn in the page: as a picture it is a document of its own, 10 ms of a browser's before anything is seen. */
const Mark = () => html`<svg viewBox="0 0 32 32" aria-hidden="true"><path d="M7 3h15l5 8-4 18H9L5 11z" fill="#2b5fc4" /><path d="M12 24V9h5.2a4.3 4.3 0 0 1 1 8.5L22 24h-3.4l-3.3-6.1V24zm3.3-8.8h1.5a1.7 1.7 0 0 0 0-3.4h-1.5z" fill="#fff" /></svg>`;

function App() {
  const [help, setHelp] = useState(false);
  const [palette, setPalette] = useState(false);
  const main = useRef(/** @type {HTMLElement | null} */ (null));
  useKeys([
    { keys: "mod+k", does: "Go to something by its name, or do something", everywhere: true, run: () => setPalette(!palette) },
    { keys: "?", does: "Show what can be pressed", everywhere: true, run: () => setHelp(true) },
    { keys: "t", does: "Light or dark", everywhere: true, run: () => (theme.value = dark.value ? "light" : "dark") },
  ]);
  const first = place.value.parts[0] ?? "experiments";
  const at = /^(runs|compare-runs|compare-experiments|metric)$/.test(first) ? "experiments" : /^(compare-model-versions|webhooks)$/.test(first) ? "models" : first;
  return html`
    <a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => (event.preventDefault(), main.current?.focus())}>Skip to content</a>
    <header class="bar">
      <a class="mark" href=${link([])}><${Mark} /> <span class="wide">runstone</span></a>
      <nav aria-label="Main">
        ${PLACES.map(({ name, parts }) => html`<a href=${link(parts)} aria-current=${parts[0] === at ? "page" : undefined}>${name}</a>`)}
      </nav>
      <button type="button" class="seek" aria-keyshortcuts="Control+K" onClick=${() => setPalette(true)}><span aria-hidden="true">⌕</span> <span class="wide">Go to…</span> <kbd class="wide">${spelled("mod+k")}</kbd><span class="hidden">Go to something by its name</span></button>
      <button type="button" class="plain" title="Light or dark (t)" aria-label="Light or dark" onClick=${() => (theme.value = dark.value ? "light" : "dark")}>${dark.value ? "☀" : "☾"}</button>
      <button type="button" class="plain" title="Keyboard (?)" aria-label="Keyboard" onClick=${() => setHelp(true)}>?</button>
    </header>
    <main id="main" tabindex="-1" ref=${main}><${Page} /></main>
    ${!reached.value && html`<p class="banner" role="status"><span class="dot" /> The server does not answer. What is shown may be old; it is asked again until it is back.</p>`}
    ${help && html`<${Help} close=${() => setHelp(false)} />`}
    ${palette && html`<${Palette} close=${() => setPalette(false)} places=${PLACES} />`}
    <${Questions} />
    <${Toasts} />
  `;
}

if (place.value.parts.length === 0) window.location.replace(link(["experiments"]));
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
