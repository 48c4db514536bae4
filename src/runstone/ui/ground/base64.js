/** Bytes as the server's JSON has them. */

/** @param {string | undefined} text base64 @returns {ArrayBuffer} */
export function bytes(text = "") {
  const native = /** @type {any} */ (Uint8Array).fromBase64;
  if (native) return native(text).buffer;
  const told = atob(text);
  const array = new Uint8Array(told.length);
  for (let at = 0; at < told.length; at += 1) array[at] = told.charCodeAt(at);
  return array.buffer;
}
