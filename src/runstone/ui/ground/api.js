/** How the page asks the server: the same operations as every client, under /ajax-api. Addresses are relative, so that it works under any prefix. */

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { lost, reached } from "./reach.js";

/** What the server refused, in its own words. */
export class Refused extends Error {
  /**
   * @param {string} message
   * @param {string} code such as RESOURCE_DOES_NOT_EXIST
   * @param {number} status
   */
  constructor(message, code, status) {
    super(message);
    this.name = "Refused";
    this.code = code;
    this.status = status;
  }
}

const BEFORE = "./ajax-api/2.0";

/** Who stands before the server (a proxy that asks for names) wants to know who this is: an address of the page is where one is asked. */
const UNKNOWN = "SIGNED_OUT";
const SIGN_IN = "What stands before this server wants to know who you are. Load the page anew to sign in; nothing was changed.";

/**
 * The address of something the server gives by GET.
 * @param {string} path such as /mlflow/runs/get, or from the root: ./get-artifact
 * @param {Record<string, string | number | boolean | null | undefined | string[]>} [query]
 */
export function address(path, query = {}) {
  const told = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) told.append(name, one);
    else if (value !== null && value !== undefined) told.set(name, String(value));
  }
  const text = told.toString();
  return (path.startsWith("./") ? path : BEFORE + path) + (text ? `?${text}` : "");
}

/**
 * @param {string} url
 * @param {RequestInit} [how]
 * @returns {Promise<Response>}
 */
async function fetched(url, how) {
  let answer;
  try {
    answer = await fetch(url, { ...how, redirect: "manual" }); // none of ours leads elsewhere: another page does, where one signs in
  } catch (error) {
    if (/** @type {Error} */ (error).name === "AbortError") throw error;
    lost();
    throw new Refused("The server does not answer. Is it still running?", "UNREACHABLE", 0);
  }
  if (answer.ok) return answer;
  // A 401 is never runstone's own: it has no passwords.
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new Refused(SIGN_IN, UNKNOWN, 401);
  let told = { message: `The server answered ${answer.status} ${answer.statusText}.`, error_code: "INTERNAL_ERROR" };
  try {
    told = { ...told, ...(await answer.json()) };
  } catch {
    // no JSON: the status says what there is to say
  }
  throw new Refused(told.message, told.error_code, answer.status);
}

/** What an answer says. One that is no JSON is the page of somebody who asks for a name. @param {Response} answer @returns {Promise<any>} */
async function read(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(SIGN_IN, UNKNOWN, answer.status);
  }
}

/** Whether it helps to load the page anew. @param {Error} error */
export const signedOut = (error) => error instanceof Refused && error.code === UNKNOWN;

/**
 * Ask by GET.
 * @param {string} path
 * @param {Parameters<typeof address>[1]} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function get(path, query, signal) {
  return read(await fetched(address(path, query), { signal }));
}

/**
 * Ask, or have something done, by POST (or PATCH, DELETE).
 * @param {string} path
 * @param {object} [request]
 * @param {{signal?: AbortSignal, method?: string}} [how]
 * @returns {Promise<any>}
 */
export async function post(path, request = {}, { signal, method = "POST" } = {}) {
  const headers = { "Content-Type": "application/json" };
  return read(await fetched(address(path), { method, headers, body: JSON.stringify(request), signal }));
}

/**
 * The bytes that are found under an address.
 * @param {string} url
 * @param {{signal?: AbortSignal, range?: [number, number]}} [how] range: first and last byte
 */
export async function bytes(url, { signal, range } = {}) {
  /** @type {Record<string, string>} */
  const headers = range ? { Range: `bytes=${range[0]}-${range[1]}` } : {};
  return (await fetched(url, { headers, signal })).arrayBuffer();
}

/**
 * @template T
 * @typedef {{data: T | undefined, error: Error | undefined, loading: boolean, again: () => Promise<void>}} Answer again: asks anew, and is done when that has come
 */

/**
 * An answer that is asked for when the component is drawn and whenever `key` changes. What was there stays until the new one has come,
 * so that nothing jumps; an answer that is no longer wanted is given up.
 * @template T
 * @param {unknown} key what the answer depends on, compared by its JSON; null asks for nothing
 * @param {(signal: AbortSignal) => Promise<T>} ask
 * @returns {Answer<T>}
 */
export function useAnswer(key, ask) {
  const told = JSON.stringify(key);
  const [state, setState] = useState(/** @type {{data?: T, error?: Error, loading: boolean}} */ ({ loading: key !== null }));
  const [turn, setTurn] = useState(0);
  const asking = useRef(ask);
  asking.current = ask;
  const waiting = useRef(/** @type {(() => void)[]} */ ([]));
  /** @param {typeof state | ((before: typeof state) => typeof state)} next */
  const settle = (next) => {
    setState(next);
    for (const done of waiting.current.splice(0)) done();
  };
  // Asked for at once, not when what stands there has been painted.
  useLayoutEffect(() => {
    if (told === "null") return undefined;
    const giveUp = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    asking.current(giveUp.signal).then(
      (data) => giveUp.signal.aborted || settle({ data, loading: false }),
      (error) => giveUp.signal.aborted || settle((before) => ({ data: before.data, error, loading: false })),
    );
    return () => giveUp.abort();
  }, [told, turn]);
  const again = useCallback(() => {
    setTurn((before) => before + 1);
    return /** @type {Promise<void>} */ (new Promise((done) => waiting.current.push(done)));
  }, []);
  const back = state.error instanceof Refused && state.error.code === "UNREACHABLE" && reached.value;
  useEffect(() => {
    if (back) again();
  }, [back]);
  return { data: state.data, error: state.error, loading: state.loading, again };
}
