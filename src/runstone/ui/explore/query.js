/** Which axes somebody wants to be logarithmic, and which not, as it stands in the address; of all others their values say it. */

import { change, place } from "../ground/route.js";

/** @param {string | null} text @returns {string[]} */
const lines = (text) => (text ?? "").split("\n").filter(Boolean);

/** What was chosen, by column. @param {URLSearchParams} query @returns {Map<string, boolean>} */
export const logs = (query) => new Map([...lines(query.get("linear")).map((id) => /** @type {[string, boolean]} */ ([id, false])), ...lines(query.get("log")).map((id) => /** @type {[string, boolean]} */ ([id, true]))]);

/** @param {string} id @param {boolean} log */
export function setLog(id, log) {
  const { query } = place.value;
  const [more, less] = log ? ["log", "linear"] : ["linear", "log"];
  change({ [less]: lines(query.get(less)).filter((one) => one !== id).join("\n"), [more]: [...new Set([...lines(query.get(more)), id])].join("\n") });
}
