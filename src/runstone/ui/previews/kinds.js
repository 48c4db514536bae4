/** Which preview a file gets, by its name and size. Each is a module of its own, loaded when it is wanted. */

/**
 * What every preview is given: whose the file is, the file, its address, and that under which a browser shows it.
 * @typedef {{owner: string, file: {path: string, file_size?: number, digest?: string}, url: string, shown: string}} PreviewProps
 */

export const PICTURES = /\.(a?png|jpe?g|gif|webp|avif|bmp|ico|svg)$/i;
const SOUNDS = /\.(mp3|wav|flac|og[ga]|opus|m4a|aac|weba)$/i;
const FILMS = /\.(mp4|m4v|webm|ogv|mov)$/i;
// What is read on the server, and bounded there.
const INSPECTED = /\.(csv|tsv|jsonl|ndjson|parquet|feather|arrow|ipc|np[yz]|zip|whl|jar|tar|tgz|tbz2?|txz|safetensors|onnx|pkl|pickle|joblib|sav|dill|cloudpickle|pth?|ckpt|bin|skops)$|\.tar\.(gz|bz2|xz)$/i;
const TEXTS =
  /\.(txt|log|err|out|md|markdown|rst|py|pyi|js|mjs|ts|tsx|jsx|css|scss|html?|xml|ya?ml|toml|ini|cfg|conf|cnf|properties|env|sh|bash|zsh|ps1|bat|sql|r|jl|c|h|cc|cpp|hpp|cu|cuh|go|rs|java|kt|scala|rb|php|lua|swift|diff|patch|tex|bib|proto|graphql|gitignore|dockerfile|lock|jinja2?|j2|tmpl|srt|vtt)$/i;
const NAMES = /(^|\/)(MLmodel|MLproject|Dockerfile|Makefile|README|LICENSE|NOTICE|CHANGELOG|requirements|[^./]+)$/;
/** Bytes of JSON that a page reads as one: more is shown as text. */
const WHOLE = 4_000_000;

/**
 * @param {string} path
 * @param {number} size bytes
 * @returns {() => Promise<{default: any}>}
 */
export function previewOf(path, size) {
  if (PICTURES.test(path)) return () => import("./picture.js");
  if (SOUNDS.test(path)) return () => import("./sound.js");
  if (FILMS.test(path)) return () => import("./film.js");
  if (/\.pdf$/i.test(path)) return () => import("./paper.js");
  if (/\.(md|markdown)$/i.test(path)) return () => import("./prose.js");
  if (/\.html?$/i.test(path)) return () => import("./caged.js");
  if (/\.ipynb$/i.test(path) && size <= 4 * WHOLE) return () => import("./notebook.js");
  if (/\.(geo)?json$/i.test(path) && size <= WHOLE) return () => import("./json.js");
  if (/\.ya?ml$|(^|\/)(MLmodel|MLproject)$/i.test(path)) return () => import("./yaml.js");
  if (INSPECTED.test(path)) return () => import("./inspected.js");
  if (TEXTS.test(path) || NAMES.test(path)) return () => import("./text.js");
  return () => import("./unknown.js");
}
