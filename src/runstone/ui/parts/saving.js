/** Files that the page makes and the browser saves. */

/** @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const to = document.createElement("a");
  to.href = URL.createObjectURL(blob);
  to.download = name.replace(/[^\p{L}\p{N}._-]+/gu, "-");
  to.click();
  window.setTimeout(() => URL.revokeObjectURL(to.href), 60_000);
}
