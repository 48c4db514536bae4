/** What a pressed pointer does while it is moved, wherever on the screen it goes, until it is let go. */

/** @param {(moved: PointerEvent) => void} move */
export function whilePressed(move) {
  const done = () => {
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", done);
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", done);
}
