/** The beginning of a file, or all of it, as text. */

import { bytes } from "../ground/api.js";

/**
 * @param {string} url
 * @param {number} size bytes of the whole
 * @param {number} most bytes that are read
 * @param {AbortSignal} signal
 * @returns {Promise<{text: string, whole: boolean, binary: boolean}>} `binary`: it holds what no text does
 */
export async function read(url, size, most, signal) {
  if (size === 0) return { text: "", whole: true, binary: false };
  const whole = size <= most;
  const found = new Uint8Array(await bytes(url, whole ? { signal } : { signal, range: [0, most - 1] }));
  const binary = found.subarray(0, 8_000).includes(0);
  let text = new TextDecoder("utf-8").decode(found);
  // A letter that was cut in two at the end is left out.
  if (!whole) text = text.replace(/\ufffd$/, "");
  return { text, whole, binary };
}
