/** Where the files of a run or a logged model are asked for, and how programs load them. */

import { address, get } from "../ground/api.js";
import { python } from "../ground/quoted.js";

/** @typedef {{path: string, file_size?: number, digest?: string, executable?: boolean}} FileInfo */

/**
 * The address of a file: to be saved; or, where a browser can show it, to be shown.
 * @param {string} owner a run's or a logged model's id
 * @param {string} path
 * @param {{show?: boolean}} [how]
 */
export const fileAddress = (owner, path, { show = false } = {}) => address("/runstone/artifacts/file", { run_id: owner, path, show: show ? "1" : undefined });

/**
 * All files of a run or a logged model, by path, what was recorded among them.
 * @param {string} owner
 * @param {AbortSignal} [signal]
 * @returns {Promise<FileInfo[]>}
 */
export const files = async (owner, signal) => (await get("/runstone/artifacts/tree", { run_id: owner, hidden: true }, signal)).files ?? [];

/** @param {string} owner */
const uri = (owner) => (/^m-[0-9a-f]{32}$/.test(owner) ? `models:/${owner}` : `runs:/${owner}`);

/** How a kind of file is read, by its ending: imports, and what is done with `file`. @type {[RegExp, string, string][]} */
const READERS = [
  [/\.csv$/i, "import pandas", "table = pandas.read_csv(file)"],
  [/\.tsv$/i, "import pandas", 'table = pandas.read_csv(file, sep="\\t")'],
  [/\.parquet$/i, "import pandas", "table = pandas.read_parquet(file)"],
  [/\.(feather|arrow)$/i, "import pandas", "table = pandas.read_feather(file)"],
  [/\.jsonl$/i, "import pandas", "table = pandas.read_json(file, lines=True)"],
  [/\.(json|geojson|ipynb)$/i, "import json", "data = json.load(file)"],
  [/\.ya?ml$|(^|\/)MLmodel$/i, "import yaml", "data = yaml.safe_load(file)"],
  [/\.np[yz]$/i, "import numpy", "array = numpy.load(file)"],
  [/\.(png|jpe?g|gif|webp|bmp)$/i, "import PIL.Image", "image = PIL.Image.open(file)\n    image.load()"],
  [/\.zip$/i, "import zipfile", "names = zipfile.ZipFile(file).namelist()"],
  [/\.(tar|tgz|tar\.\w+)$/i, "import tarfile", "names = tarfile.open(fileobj=file).getnames()"],
  [/\.safetensors$/i, "import safetensors.torch", "tensors = safetensors.torch.load(file.read())"],
  [/\.onnx$/i, "import onnx", "model = onnx.load(file)"],
  [/\.(txt|md|py|log|rst|toml|ini|cfg|sh|js|html?|xml|svg|css|diff)$/i, "", 'text = file.read().decode("utf-8")'],
];

/**
 * The code that loads a file, or a folder, in Python.
 * @param {string} owner
 * @param {string} path "" for all
 * @param {boolean} folder
 */
export function code(owner, path, folder) {
  if (folder) {
    const whole = path ? `${uri(owner)}/${path}` : uri(owner);
    return `import runstone\n\nfolder = runstone.artifacts.download_artifacts(${python(whole)})`;
  }
  const found = READERS.find(([ending]) => ending.test(path));
  const [, imported, read] = found ?? ["", "", "data = file.read()"];
  return `${imported ? `${imported}\n` : ""}import runstone\n\nwith runstone.open_artifact(${python(`${uri(owner)}/${path}`)}) as file:\n    ${read}`;
}
