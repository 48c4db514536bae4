/** Drawings one after another, some milliseconds at a time, so that the page answers in between however many charts there are. */

/** Milliseconds that are drawn without a pause: a third of what is felt. */
const TURN = 30;

/** @type {Map<object, () => void>} */
const waiting = new Map();
const channel = new MessageChannel();
let running = false;
channel.port1.onmessage = () => {
  const until = performance.now() + TURN;
  for (const [who, act] of waiting) {
    waiting.delete(who);
    act();
    if (performance.now() > until) break;
  }
  if (waiting.size > 0) next();
  else running = false;
};

// After a frame, so that what was drawn is seen and what was pressed is heard before it goes on; a hidden page has no frames.
const next = () => (document.hidden ? channel.port2.postMessage(0) : window.requestAnimationFrame(() => channel.port2.postMessage(0)));

/**
 * Have something drawn when it is its turn; what the same one wanted before is forgotten.
 * @param {object} who
 * @param {() => void} act
 */
export function inTurn(who, act) {
  waiting.delete(who);
  waiting.set(who, act);
  if (running) return;
  running = true;
  channel.port2.postMessage(0);
}

/** @param {object} who what it waits for is not wanted any more */
export const giveUp = (who) => waiting.delete(who);
