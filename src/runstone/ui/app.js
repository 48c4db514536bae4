/** The page: bar, place, keyboard. Each page is a module that is loaded when one goes there. */

import { html, render, useEffect, useErrorBoundary, useLayoutEffect, useRef, useState } from "./ground/html.js";
import { bindings, useKeys } from "./ground/keys.js";
import { dark, theme } from "./ground/kept.js";
import { go, link, place } from "./ground/route.js";
import { Above, Questions } from "./parts/dialog.js";
import { Skeleton, Trouble } from "./parts/states.js";
import { Toasts } from "./parts/toasts.js";

/**
 * Which module shows a place: the first whose pattern fits; `:name` is any one part, `*` all the rest. The module's default export is a
 * component of `{parts, query}`, the named parts.
 * @type {[string, () => Promise<{default: any}>][]}
 */
const PAGES = [
  ["", () => import("./pages/experiments.js")],
  ["experiments", () => import("./pages/experiments.js")],
  ["experiments/:ids", () => import("./pages/runs.js")],
  ["experiments/:ids/runs", () => import("./pages/runs.js")],
  ["compare-experiments/*", () => import("./pages/compare_experiments.js")],
  ["experiments/:ids/runs/:run/*", () => import("./pages/run.js")],
  ["experiments/:ids/models", () => import("./pages/logged_models.js")],
  ["experiments/:ids/models/:model/*", () => import("./pages/logged_model.js")],
  ["models", () => import("./pages/models.js")],
  ["models/:name", () => import("./pages/model.js")],
  ["models/:name/versions/:version", () => import("./pages/version.js")],
  ["compare-model-versions", () => import("./pages/compare_versions.js")],
  ["compare-runs", () => import("./pages/compare.js")],
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
      (problem) => wanted && setFailed(problem),
    );
    return () => {
      wanted = false;
    };
  }, [load]);
  useEffect(() => forget(), [parts.join("/")]);
  if (!load) return html`<${Trouble} error=${new Error(`There is no page at ${parts.join("/")}.`)} />`;
  const problem = error ?? failed;
  if (problem) return html`<${Trouble} error=${problem} again=${() => (failed ? window.location.reload() : forget())} />`;
  if (loaded?.load !== load) return html`<${Skeleton} rows=${8} />`;
  return html`<${loaded.component} parts=${named} query=${query} />`;
}

/** @param {{close: () => void}} props */
function Help({ close }) {
  return html`<${Above} label="Keyboard" close=${close}><div class="inside">
    <h2>Keyboard</h2>
    <dl class="facts">
      ${bindings().filter((one) => one.does).map((one) => html`<dt>${one.keys.split(" ").map((key) => html`<kbd>${key.replace("mod+", "Ctrl ")}</kbd> `)}</dt><dd>${one.does}</dd>`)}
    </dl>
    <footer><button type="button" onClick=${close}>Close</button></footer>
  </div><//>`;
}

function App() {
  const [help, setHelp] = useState(false);
  const main = useRef(/** @type {HTMLElement | null} */ (null));
  useKeys([
    { keys: "?", does: "Show what can be pressed", run: () => setHelp(true) },
    { keys: "t", does: "Light or dark", run: () => (theme.value = dark.value ? "light" : "dark") },
  ]);
  const at = place.value.parts[0] ?? "experiments";
  return html`
    <a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => (event.preventDefault(), main.current?.focus())}>Skip to content</a>
    <header class="bar">
      <a class="mark" href=${link([])}><img src=${new URL("./icon.svg", import.meta.url).href} alt="" /> <span class="wide">runstone</span></a>
      <nav aria-label="Main">
        ${PLACES.map(({ name, parts }) => html`<a href=${link(parts)} aria-current=${parts[0] === at ? "page" : undefined}>${name}</a>`)}
      </nav>
      <button type="button" class="plain" title="Light or dark (t)" aria-label="Light or dark" onClick=${() => (theme.value = dark.value ? "light" : "dark")}>${dark.value ? "☀" : "☾"}</button>
      <button type="button" class="plain" title="Keyboard (?)" aria-label="Keyboard" onClick=${() => setHelp(true)}>?</button>
    </header>
    <main id="main" tabindex="-1" ref=${main}><${Page} /></main>
    ${help && html`<${Help} close=${() => setHelp(false)} />`}
    <${Questions} />
    <${Toasts} />
  `;
}

if (place.value.parts.length === 0) go(["experiments"]);
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
