/** Whether the server answers. Where it does not, it is asked every other second until it does; what failed meanwhile is asked for again then. */

import { signal } from "./html.js";

const PAUSE = 2_000;

/** Whether the last that was asked reached it. */
export const reached = signal(true);

/** How often it has come back: part of the key of what is to be asked for anew then. */
export const returns = signal(0);

/** It did not answer. */
export function lost() {
  if (!reached.value) return;
  reached.value = false;
  window.setTimeout(knock, PAUSE);
}

/** Whether it is there is in doubt: a stream broke, which may have been the network's or the server's end. */
export async function doubted() {
  if (!(await answers())) lost();
}

async function knock() {
  if (await answers()) {
    reached.value = true;
    returns.value += 1;
  } else window.setTimeout(knock, PAUSE);
}

async function answers() {
  try {
    // Who asks for a name first is there.
    const answer = await fetch("./health", { cache: "no-store", redirect: "manual" });
    return answer.ok || answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403;
  } catch {
    return false;
  }
}
