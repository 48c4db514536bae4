/** A run's consoles: which there are, and how one is read and followed while it is written. */

import { address, bytes, get } from "../ground/api.js";
import { useEffect, useRef, useState } from "../ground/html.js";
import { Lines } from "../parts/terminal.js";

/** Bytes that are asked for at once, and milliseconds between two looks at a file that grows. */
const STRETCH = 2 ** 20;
const PAUSE = 1_000;

export const FOLDER = ".runstone";

/** @typedef {{path: string, file_size?: number, digest?: string}} FileInfo */

/**
 * The consoles of a run: its own, and one of each further process or start of it.
 * @param {string} run
 * @param {AbortSignal} [signal]
 * @returns {Promise<FileInfo[]>}
 */
export async function consoles(run, signal) {
  const { files = [] } = await get("/mlflow/artifacts/list", { run_id: run, path: FOLDER }, signal);
  return files.filter((/** @type {FileInfo} */ file) => /^\.runstone\/console(-\d+)?\.log$/.test(file.path)).sort((/** @type {FileInfo} */ one, /** @type {FileInfo} */ other) => one.path.localeCompare(other.path, undefined, { numeric: true }));
}

/** The address of a file of a run. @param {string} run @param {string} path */
export const fileAddress = (run, path) => address("./get-artifact", { run_id: run, path });

/**
 * A console's lines, followed while it is live.
 * @param {string} run
 * @param {string} wanted the path of one; "" for the first
 * @param {boolean} live
 */
export function useConsole(run, wanted, live) {
  const [, setTurn] = useState(0);
  const [state, setState] = useState(/** @type {{files: FileInfo[] | null, error?: Error, whole: boolean}} */ ({ files: null, whole: false }));
  const lines = useRef(new Lines());
  const going = useRef(live);
  going.current = live;
  const [again, setAgain] = useState(0);
  useEffect(() => {
    const giveUp = new AbortController();
    let timer = 0;
    let read = 0;
    let decoder = new TextDecoder();
    lines.current = new Lines();
    const look = async () => {
      const wasLive = going.current;
      const files = await consoles(run, giveUp.signal);
      const file = files.find((one) => one.path === wanted) ?? (wanted ? undefined : files[0]);
      const size = file?.file_size ?? 0;
      if (size < read) {
        [read, decoder, lines.current] = [0, new TextDecoder(), new Lines()];
      }
      setState({ files, whole: false });
      while (file && read < size) {
        const data = await bytes(fileAddress(run, file.path), { range: [read, Math.min(size, read + STRETCH) - 1], signal: giveUp.signal });
        if (data.byteLength === 0) break;
        read += data.byteLength;
        lines.current.add(decoder.decode(data, { stream: true }));
        setTurn((before) => before + 1);
      }
      setState({ files, whole: true });
      if (wasLive) timer = window.setTimeout(go, PAUSE);
    };
    const go = () => {
      if (document.hidden) {
        timer = window.setTimeout(go, PAUSE);
        return;
      }
      look().catch((error) => {
        if (giveUp.signal.aborted) return;
        setState((before) => ({ ...before, error }));
        if (going.current) timer = window.setTimeout(go, 3 * PAUSE);
      });
    };
    go();
    return () => {
      giveUp.abort();
      window.clearTimeout(timer);
    };
  }, [run, wanted, again]);
  return { lines: lines.current, ...state, again: () => setAgain((before) => before + 1) };
}
