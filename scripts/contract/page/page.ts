/**
 * `docs.html`: both documents as one page to read, made from them and from nothing else. It loads nothing and runs
 * nothing: no script, no font, no picture.
 */
import type { AsyncApi, OpenApi } from "./documents.ts";
import { operationView, type Route, routesOf, routesTable, webhookView } from "./http-view.ts";
import { html, inline, type Markup, prose, table, unescaped } from "./markup.ts";
import { schemaView } from "./schema-view.ts";
import { channelView, messageView, subprotocolsView } from "./socket-view.ts";
import { style } from "./style.ts";
import { closeCodesTable, limitsView, problemsTable, wireErrorsTable } from "./tables-view.ts";

/** @param fromClient the names of the messages that clients send. */
export function docsPage(openapi: OpenApi, asyncapi: AsyncApi, fromClient: ReadonlySet<string>): string {
  const routes = routesOf(openapi);
  const { title, version, summary } = openapi.info;
  return `<!doctype html>\n${html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${title} ${version}</title>
      <style>
        ${unescaped(style)}
      </style>
    </head>
    <body>
      <div class="page">
        ${contents(openapi, asyncapi, routes)}
        <main>
          <h1>${title}</h1>
          <p class="id">${summary} · version ${version}</p>
          ${prose(openapi.info.description)}
          <p>
            For machines: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1),
            <a href="/asyncapi.json">asyncapi.json</a> (AsyncAPI 3.0).
          </p>
          <h2 id="routes">Routes</h2>
          ${routesTable(routes)} ${accessView(openapi)} ${headersView(openapi)} ${httpView(openapi, routes)}
          <h2 id="webhooks">Webhooks</h2>
          ${Object.entries(openapi.webhooks).map(([type, { post }]) => (post ? webhookView(openapi, type, post) : ""))}
          ${socketsView(asyncapi, fromClient)}
          <h2 id="problems">Errors over HTTP</h2>
          ${prose("`application/problem+json` (RFC 9457), with `code` and `trace_id`.")} ${problemsTable(openapi)}
          <h2 id="errors">Errors on WebSockets</h2>
          ${prose("The `code` of an `error` message. Where a close code stands, the connection ends with it. Retryable: the same frame may succeed later, unchanged.")}
          ${wireErrorsTable(asyncapi["x-errors"])}
          <h2 id="close-codes">Close codes</h2>
          ${closeCodesTable(asyncapi["x-errors"])}
          <h2 id="limits">Limits</h2>
          ${prose("As they are where nothing else is set. Of those with a variable, an installation may set another value; `off` lifts it where it stands.")}
          ${limitsView(openapi["x-limits"])} ${schemasView(openapi, asyncapi)}
        </main>
      </div>
    </body>
  </html>`.toString()}\n`;
}

const group = (name: string, links: readonly (readonly [href: string, text: string])[]): Markup =>
  html`<strong>${name}</strong>
    <ul>
      ${links.map(([href, text]) => html`<li><a href="#${href}">${text}</a></li> `)}
    </ul> `;

function contents(openapi: OpenApi, asyncapi: AsyncApi, routes: readonly Route[]): Markup {
  const sections = [
    ["routes", "Routes"],
    ["access", "Credentials"],
    ["headers", "Headers"],
    ["webhooks", "Webhooks"],
    ["sockets", "WebSockets"],
    ["problems", "Errors over HTTP"],
    ["errors", "Errors on WebSockets"],
    ["close-codes", "Close codes"],
    ["limits", "Limits"],
    ["schemas", "Schemas"],
  ] as const;
  return html`<nav aria-label="Contents">
    ${group("Contents", sections)}
    ${openapi.tags
      .map(({ name }) => ({ name, own: routes.filter(({ operation }) => operation.tags.includes(name)) }))
      .map(({ name, own }) =>
        group(
          name,
          own.map(({ operation }) => [`op-${operation.operationId}`, operation.operationId]),
        ),
      )}
    ${group(
      "Messages",
      Object.entries(asyncapi.components.messages).map(([name, { name: type }]) => [`msg-${name}`, type]),
    )}
  </nav>`;
}

function httpView(openapi: OpenApi, routes: readonly Route[]): Markup {
  return html`${openapi.tags.map(
    ({ name, description }) =>
      html`<h2 id="tag-${name}">${name}</h2>
        <p>${inline(description)}</p>
        ${routes.filter(({ operation }) => operation.tags.includes(name)).map((route) => operationView(openapi, route))}`,
  )}`;
}

function accessView({ components }: OpenApi): Markup {
  const rows = Object.entries(components.securitySchemes).map(([name, { description }]) => [name, inline(description)]);
  return html`<h2 id="access">Credentials</h2>
    ${table(["scheme", "is"], rows)}`;
}

function headersView({ components }: OpenApi): Markup {
  const rows = Object.entries(components.headers).map(([name, { description }]) => [
    html`<code>${name}</code>`,
    inline(description),
  ]);
  return html`<h2 id="headers">Headers of answers</h2>
    ${table(["header", "meaning"], rows)}`;
}

function socketsView(asyncapi: AsyncApi, fromClient: ReadonlySet<string>): Markup {
  return html`<h2 id="sockets">WebSockets</h2>
    ${prose(asyncapi.info.description)} ${subprotocolsView(asyncapi)}
    ${Object.entries(asyncapi.channels).map(([id, channel]) => channelView(asyncapi, id, channel))}
    <h2 id="messages">Messages</h2>
    ${Object.entries(asyncapi.components.messages).map(([name, message]) =>
      messageView(name, message, fromClient.has(name)),
    )}`;
}

/** Those of both documents: where both have one of a name, it is the same. */
function schemasView({ components: { schemas } }: OpenApi, { components: { schemas: ofMessages } }: AsyncApi): Markup {
  const all = Object.entries({ ...ofMessages, ...schemas }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return html`<h2 id="schemas">Schemas</h2>
    ${all.map(
      ([name, schema]) =>
        html`<section class="card" id="schema-${name}">
          <h3>${name}</h3>
          ${prose(schema.description ?? "")} ${schemaView(schema)}
        </section> `,
    )}`;
}
