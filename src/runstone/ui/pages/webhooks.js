/** Webhooks: who is told of which changes in the registry, and what became of it. */

import { get, useAnswer } from "../ground/api.js";
import { ago, when } from "../ground/format.js";
import { html } from "../ground/html.js";
import { useKeys } from "../ground/keys.js";
import { change, link } from "../ground/route.js";
import { here } from "../parts/begin.js";
import { Heading } from "../parts/heading.js";
import { Menu } from "../parts/menu.js";
import { useRows } from "../parts/rows.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { Crumbs } from "../parts/tabs.js";
import { alter, create, eventName, remove, test, turn, unsign } from "../registry/webhooks.js";

const MOST = 200;
/** @type {Record<string, string>} how a delivery's state looks: as a run's that went so */
const LOOKS = { delivered: "FINISHED", waiting: "PENDING", "given up": "FAILED" };

/** @typedef {import("../registry/webhooks.js").Delivery} Delivery */
/** @typedef {import("../registry/webhooks.js").Webhook} Webhook */

/** @param {{query: URLSearchParams}} props */
export default function Webhooks({ query }) {
  const chosen = query.get("of") ?? undefined;
  const { data, error, again } = useAnswer(["webhooks"], async (signal) => /** @type {Webhook[]} */ ((await get("/mlflow/webhooks", { max_results: MOST }, signal)).webhooks ?? []));
  const told = useAnswer(["deliveries", chosen ?? ""], async (signal) => /** @type {Delivery[]} */ ((await get("/runstone/webhooks/deliveries", { webhook_id: chosen, max_results: MOST }, signal)).deliveries ?? []));
  /** @param {string} id */
  const look = (id) => change({ of: id === chosen ? null : id });
  const renew = () => (again(), told.again());
  /** @param {string} id */
  const gone = (id) => {
    if (id === chosen) change({ of: null }); // of what is gone no deliveries are asked for
    renew();
  };
  const list = useRows({ one: "webhook", ids: (data ?? []).map(({ webhook_id }) => webhook_id), choose: false, open: look, opens: "Show what the webhook was sent, or what all were" });
  useKeys([{ keys: "n", does: "New webhook", run: () => create(renew) }]);
  const names = new Map((data ?? []).map((one) => [one.webhook_id, one.name]));
  const trail = [{ name: "Models", href: link(["models"]) }, { name: "webhooks" }];
  if (error && !data) return html`<${Crumbs} trail=${trail} /><${Trouble} error=${error} again=${again} />`;
  return html`
    <${Crumbs} trail=${trail} />
    <div class="head"><${Heading} text="Webhooks" /><span class="grow" /><button type="button" onClick=${renew} aria-label="Ask anew" title="Ask anew">↻</button><button type="button" class="main" onClick=${() => create(renew)}>New webhook</button></div>
    ${!data
      ? html`<div class="card inside-card"><${Skeleton} rows=${6} /></div>`
      : data.length === 0
        ? html`<${Empty} title="Nobody is told of changes" code=${`runstone models webhooks create deploy https://ci.example.com/hooks/models \\\n  --event model_version_alias.created --store ${here()}`}>A webhook is an address that is told when a model is registered or an alias moves.<//>`
        : html`<div class="card scroll"><table class="plain models webhooks">
          <thead><tr><th>Name</th><th>Address</th><th>Told of</th><th>Status</th><th>Last</th><th class="narrow"><span class="hidden">More</span></th></tr></thead>
          <tbody>${data.map((one) => html`<tr key=${one.webhook_id} ...${list.row(one.webhook_id)}>
            <td><button type="button" class="plain" aria-pressed=${one.webhook_id === chosen} onClick=${() => look(one.webhook_id)}>${one.name}</button>${one.description && html`<span class="two-lines quiet small">${one.description}</span>`}</td>
            <td class="mono">${one.url}</td>
            <td><span class="row wrap tags">${(one.events ?? []).map((event) => html`<span class="tag"><span class="cut">${eventName(event)}</span></span>`)}</span></td>
            <td class="nowrap">${(one.status ?? "ACTIVE").toLowerCase()}</td>
            <td class="nowrap">${one.last_delivery ? html`<${State} one=${one.last_delivery} />` : html`<span class="quiet">–</span>`}</td>
            <td class="narrow"><${Menu} label="⋯" title=${`More about ${one.name}`} plain right>
              <button type="button" onClick=${() => test(one)}>Send an example</button>
              <button type="button" onClick=${() => alter(one, renew)}>Change…</button>
              <button type="button" onClick=${() => turn(one, renew)}>${one.status === "DISABLED" ? "Tell it again" : "Tell it of nothing for now"}</button>
              <button type="button" onClick=${() => unsign(one, renew)}>Take its secret away…</button>
              <hr /><button type="button" class="bad" onClick=${() => remove(one, () => gone(one.webhook_id))}>Delete…</button><//></td>
          </tr>`)}</tbody></table></div>
          <section class="card"><header><h2 class="grow">Deliveries${chosen ? ` to ${names.get(chosen) ?? chosen}` : ""}</h2></header>
            ${told.error && !told.data ? html`<${Trouble} error=${told.error} again=${told.again} />` : !told.data ? html`<div class="inside"><${Skeleton} rows=${4} /></div>` : told.data.length === 0 ? html`<p class="inside quiet">There were none.</p>` : html`<div class="scroll"><table class="plain history">
              <thead><tr><th>When</th><th>Webhook</th><th>Event</th><th>State</th><th class="number">Attempts</th><th class="number">Answer</th><th>Problem</th></tr></thead>
              <tbody>${told.data.map((one) => html`<tr key=${`${one.webhook_id} ${one.delivery_id}`}>
                <td class="nowrap quiet"><time title=${when(one.creation_timestamp)}>${ago(one.creation_timestamp)}</time></td><td>${names.get(one.webhook_id) ?? ""}</td><td class="mono">${one.event}</td>
                <td class="nowrap"><${State} one=${one} /></td><td class="number">${one.attempts ?? 0}</td><td class="number">${one.response_status ?? ""}</td><td class="quiet">${one.problem ?? ""}</td></tr>`)}</tbody></table></div>`}
          </section>`}
  `;
}

/** @param {{one: Delivery}} props */
function State({ one }) {
  const next = one.state === "waiting" && one.next_attempt ? `, again at ${when(one.next_attempt)}` : "";
  return html`<span class=${`status ${LOOKS[one.state] ?? ""}`} title=${`${when(one.last_attempt)}${next}`}>${one.state}</span>`;
}
