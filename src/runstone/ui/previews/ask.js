/** The server's look into a file, and a window of its rows. */

import { get } from "../ground/api.js";

/**
 * @typedef {{kind?: string, facts?: {name: string, value: string}[], sheets?: import("./sheet.js").SheetData[], value?: any, note?: string, verdict?: string,
 *   imports?: {name: string, verdict: string}[], problems?: string[]}} Inspection
 */

/**
 * @param {string} owner
 * @param {string} path
 * @param {number} offset
 * @param {number} limit
 * @param {AbortSignal} signal
 * @returns {Promise<{preview: Inspection, size: number, stored?: number}>}
 */
export const inspect = (owner, path, offset, limit, signal) => get("/runstone/artifacts/preview", { run_id: owner, path, offset, limit }, signal);
