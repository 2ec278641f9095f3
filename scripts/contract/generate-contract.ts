/** The published contract as texts: `openapi.json`, `asyncapi.json` and the page of both. */
import { asyncapi } from "./asyncapi.ts";
import { clientMessageNames } from "./asyncapi-messages.ts";
import { openapi } from "./openapi.ts";
import type { AsyncApi, OpenApi } from "./page/documents.ts";
import { docsPage } from "./page/page.ts";

const textOf = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

export const openapiText = textOf(openapi);
export const asyncapiText = textOf(asyncapi);
/** From the texts, so that the page can't know more than they do. */
export const docsText = docsPage(
  JSON.parse(openapiText) as OpenApi,
  JSON.parse(asyncapiText) as AsyncApi,
  new Set<string>(clientMessageNames),
);
