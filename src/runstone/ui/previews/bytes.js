/** The beginning of a file, its end, or all of it, as text. */

import { bytes } from "../ground/api.js";

/**
 * @param {string} url
 * @param {number} size bytes of the whole
 * @param {number} most bytes that are read
 * @param {AbortSignal} signal
 * @param {boolean} [end] of a longer one its end: from the first line on that begins there
 * @returns {Promise<{text: string, whole: boolean, binary: boolean}>} `binary`: it holds what no text does
 */
export async function read(url, size, most, signal, end = false) {
  if (size === 0) return { text: "", whole: true, binary: false };
  const whole = size <= most;
  const found = new Uint8Array(await bytes(url, whole ? { signal } : { signal, range: end ? [size - most, size - 1] : [0, most - 1] }));
  const binary = found.subarray(0, 8_000).includes(0);
  let text = new TextDecoder("utf-8").decode(found);
  // A letter that was cut in two is left out, and the end of a line whose beginning is not here.
  if (!whole && end) text = text.replace(/^[^\n]*\n(?=[^])|^\ufffd{1,3}/, "");
  else if (!whole) text = text.replace(/\ufffd$/, "");
  return { text, whole, binary };
}
