/** The operations of `openapi.json`, and its webhooks. */
import { type Answer, type Content, lastOf, type OpenApi, type OpenApiOperation, type Parameter } from "./documents.ts";
import { code, example, html, inline, type Markup, nothing, prose, table } from "./markup.ts";
import { defaultOf, schemaView, typeOf } from "./schema-view.ts";

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
}

/** In the order of the document. */
export function routesOf({ paths }: OpenApi): Route[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

const methodView = (method: string): Markup => html`<span class="method ${method.toLowerCase()}">${method}</span>`;

export function routesTable(routes: readonly Route[]): Markup {
  const rows = routes.map(({ method, path, operation }) => [
    html`<a href="#op-${operation.operationId}">${methodView(method)} <code>${path}</code></a>`,
    inline(operation.summary),
  ]);
  return table(["route", "does"], rows);
}

export function operationView(document: OpenApi, { method, path, operation }: Route): Markup {
  const { operationId: id, description, requestBody, parameters = [] } = operation;
  const channel = operation["x-asyncapi-channel"];
  return html`<section class="card" id="op-${id}">
    <h3>${methodView(method)} <code>${path}</code></h3>
    <p class="id">${id}</p>
    ${prose(description)}
    ${channel === undefined ? nothing : html`<p>Its messages: <a href="#channel-${channel}">the channel</a>.</p>`}
    ${parametersView(parameters)}
    ${
      requestBody
        ? html`<h4>Body</h4>
            ${contentView(requestBody.content)}`
        : nothing
    }
    ${answersView(document, operation)}
  </section> `;
}

export function webhookView(document: OpenApi, type: string, operation: OpenApiOperation): Markup {
  return html`<section class="card" id="webhook-${type}">
    <h3>${methodView("POST")} <code>${type}</code></h3>
    ${prose(operation.description)} ${parametersView(operation.parameters ?? [])}
    ${
      operation.requestBody
        ? html`<h4>Body</h4>
            ${contentView(operation.requestBody.content)}`
        : nothing
    }
    ${answersView(document, operation)}
  </section> `;
}

/** Without the headers that every operation takes: they are told of once. */
function parametersView(parameters: readonly (Parameter & { readonly $ref?: string })[]): Markup {
  const own = parameters.filter(({ $ref }) => $ref === undefined);
  if (own.length === 0) return nothing;
  const rows = own.map(({ name, in: place, required = false, schema, description = "" }) => [
    html`<code>${name}</code>${required ? nothing : html`<span class="optional">?</span>`} ${place}`,
    html`${typeOf(schema)}${defaultOf(schema)}`,
    inline(description),
  ]);
  return html`<h4>Parameters</h4>
    ${table(["parameter", "type", "meaning"], rows)}`;
}

function contentView(content: Content): Markup {
  return html`${Object.entries(content).map(([contentType, { schema, examples = {} }]) => {
    const shown = schema?.$ref !== undefined || schema?.type === "string" || !schema ? nothing : schemaView(schema);
    const named = schema?.$ref === undefined ? nothing : html`: ${typeOf(schema)}`;
    return html`<p><code>${contentType}</code>${named}</p>
      ${shown}${Object.values(examples).map(({ summary = "Example", value }) => example(summary, value))}`;
  })}`;
}

function answersView({ components }: OpenApi, { responses }: OpenApiOperation): Markup {
  const resolved = Object.entries(responses).map(([status, answer]): [string, Answer] => [
    status,
    (answer.$ref === undefined ? undefined : components.responses[lastOf(answer.$ref)]) ?? answer,
  ]);
  const good = resolved.filter(([, answer]) => answer["x-codes"] === undefined);
  const bad = resolved.filter(([, answer]) => answer["x-codes"] !== undefined);
  return html`<h4>Answers</h4>
    ${good.map(
      ([status, { description = "", headers = {}, content = {} }]) =>
        html`<p><span class="status">${status}</span> ${inline(description)} ${headersView(headers)}</p>
          ${contentView(content)}`,
    )}
    ${bad.length === 0 ? nothing : table(["status", "errors"], bad.map(errorRow))}`;
}

/** But for those of every answer. */
function headersView(headers: Readonly<Record<string, object>>): Markup {
  const own = Object.keys(headers).filter((name) => name !== "x-trace-id" && !name.startsWith("x-ratelimit-"));
  return own.length === 0 ? nothing : html`Headers: ${own.map((name) => html`${code(name)} `)}`;
}

function errorRow([status, answer]: [string, Answer]): Markup[] {
  const codes = answer["x-codes"] ?? [];
  return [
    html`<span class="status">${status}</span>`,
    html`${codes.map((name) => html`<a href="#problem-${name}"><code>${name}</code></a> `)}`,
  ];
}
