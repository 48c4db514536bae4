/** What can be done with webhooks. A secret goes in and never comes out; where events may go the server decides, and says. */

import { post } from "../ground/api.js";
import { ask } from "../parts/dialog.js";
import { say, tried } from "../parts/toasts.js";

/** @typedef {{delivery_id: string, webhook_id: string, event: string, creation_timestamp: number, state: string, attempts?: number, last_attempt?: number, next_attempt?: number, response_status?: number, problem?: string}} Delivery */
/** @typedef {{webhook_id: string, name: string, url: string, description?: string, status?: string, events?: {entity: string, action: string}[], last_delivery?: Delivery}} Webhook */
/** @typedef {() => void} Again */

/** What webhooks are told of. */
export const EVENTS = ["registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted", "model_version_alias.created", "model_version_alias.deleted"];

/** An event's name. @param {{entity: string, action: string}} event */
export const eventName = ({ entity, action }) => `${entity}.${action}`.toLowerCase();

/** @param {Webhook} one */
const path = (one) => `/mlflow/webhooks/${encodeURIComponent(one.webhook_id)}`;

/** @param {Webhook} [one] as it is @returns {import("../parts/dialog.js").Field[]} */
const fields = (one) => [
  { label: "Name", name: "name", value: one?.name, hint: one ? undefined : "Letters, digits, and . _ - within." },
  { label: "Address", name: "url", value: one?.url ?? "https://" },
  { label: "Told of", name: "events", choices: EVENTS, value: (one?.events ?? []).map(eventName).join("\n") },
  { label: one ? "Another secret" : "Secret", name: "secret", secret: true, optional: true, hint: one ? "Left empty, what there is stays. Nobody can read it." : "What is sent is signed by it. Nobody can read it afterwards." },
  { label: "Description", name: "description", value: one?.description, lines: 3, optional: true },
];

/** What the fields say, as the server is told. @param {Record<string, string>} values */
function said({ name, url, events, secret, description }) {
  if (!events) throw new Error("Choose what it is to be told of, one event at least.");
  const list = events.split("\n").map((event) => ({ entity: event.split(".")[0].toUpperCase(), action: event.split(".")[1].toUpperCase() }));
  return { name, url: url.trim(), events: list, secret: secret || undefined, description };
}

/** @param {Again} again */
export function create(again) {
  ask({
    title: "New webhook", text: "Told of changes in the registry, by POST.", act: "Create", fields: fields(),
    then: async (values) => {
      await post("/mlflow/webhooks", said(values));
      again();
    },
  });
}

/** @param {Webhook} one @param {Again} again */
export function alter(one, again) {
  ask({
    title: `Change ${one.name}`, text: "What waits for it is tried at once.", act: "Save", fields: fields(one),
    then: async (values) => {
      await post(path(one), said(values), { method: "PATCH" });
      again();
    },
  });
}

/** Tell it of nothing, or of what happens from now on. @param {Webhook} one @param {Again} again */
export async function turn(one, again) {
  const on = one.status === "DISABLED";
  await tried(() => post(path(one), { status: on ? "ACTIVE" : "DISABLED" }, { method: "PATCH" }), on ? `${one.name} is told again` : `${one.name} is told of nothing that happens from now on`);
  again();
}

/** @param {Webhook} one @param {Again} again */
export function unsign(one, again) {
  ask({
    title: `Take the secret of ${one.name} away`, text: "What it is sent is not signed from then on: a receiver that checks refuses it.", act: "Take away", bad: true,
    then: async () => {
      await post(path(one), { secret: "" }, { method: "PATCH" });
      again();
    },
  });
}

/** Send an example, and say what came of it. @param {Webhook} one */
export async function test(one) {
  const { result } = (await tried(() => post(`${path(one)}/test`))) ?? {};
  if (!result) return;
  const answered = result.response_status ? `${one.name} answered ${result.response_status}.` : "";
  say(result.success ? `${answered || one.name} An example arrived.` : `An example did not arrive. ${answered} ${result.error_message ?? ""}`, { bad: !result.success });
}

/** @param {Webhook} one @param {Again} again */
export function remove(one, again) {
  ask({
    title: `Delete ${one.name}`, text: "Its secret goes, and what waits for it is not sent.", act: "Delete", bad: true,
    then: async () => {
      await post(path(one), {}, { method: "DELETE" });
      again();
    },
  });
}
