/** What may wait until the browser has nothing else to do: what is in sight comes first. */

/** Milliseconds that it waits at the most. */
const LATEST = 200;

/**
 * @param {() => void} act
 * @returns {() => void} gives it up
 */
export function whenIdle(act) {
  if (!("requestIdleCallback" in window)) {
    const timer = setTimeout(act, LATEST / 4);
    return () => clearTimeout(timer);
  }
  const waiting = window.requestIdleCallback(act, { timeout: LATEST });
  return () => window.cancelIdleCallback(waiting);
}
