/** The channels and messages of `asyncapi.json`. */
import { type AsyncApi, type Channel, lastOf, type Message } from "./documents.ts";
import { code, example, html, inline, type Markup, nothing, prose, table } from "./markup.ts";
import { schemaView } from "./schema-view.ts";

const messageLink = (name: string, { name: type }: Message): Markup =>
  html`<a href="#msg-${name}"><code>${type}</code></a>`;

export function channelView(document: AsyncApi, id: string, channel: Channel): Markup {
  const { messages } = document.components;
  const operations = Object.values(document.operations).filter(({ channel: { $ref } }) => lastOf($ref) === id);
  const link = ($ref: string): Markup => {
    const message = messages[lastOf($ref)];
    return message ? messageLink(lastOf($ref), message) : nothing;
  };
  const rows = operations.map(({ action, messages: told, reply }) => [
    action === "receive" ? "you send" : "the gateway sends",
    html`${told.map(({ $ref }) => link($ref))}`,
    html`${reply?.messages.map(({ $ref }, i) => html`${i === 0 ? "" : " or "}${link($ref)}`) ?? nothing}`,
  ]);
  return html`<section class="card" id="channel-${id}">
    <h3><span class="method ws">WS</span> <code>${channel.address}</code></h3>
    <p>${inline(channel.summary)}</p>
    ${prose(channel.description)} ${table(["who", "message", "answered by"], rows)}
  </section> `;
}

export function subprotocolsView({ "x-subprotocols": rows }: AsyncApi): Markup {
  return table(
    ["subprotocol", "meaning"],
    rows.map(({ name, meaning }) => [code(name), inline(meaning)]),
  );
}

export function messageView(name: string, message: Message, isFromClient: boolean): Markup {
  const { name: type, summary, description, payload, examples } = message;
  return html`<section class="card" id="msg-${name}">
    <h3>
      <span class="method ${isFromClient ? "post" : "get"}"
        >${isFromClient ? "to the gateway" : "from the gateway"}</span
      >
      <code>${type}</code>
    </h3>
    <p>${inline(summary)}.</p>
    ${description === undefined ? nothing : prose(description)} ${schemaView(payload)}
    ${examples.map((one) => example(one.summary, one.payload))}
  </section> `;
}
