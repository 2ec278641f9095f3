/** The published contract as texts: `openapi.json`, `asyncapi.json` and the page of both. */
import { asyncapi } from "./contract/asyncapi.ts";
import { clientMessageNames } from "./contract/asyncapi-messages.ts";
import { openapi } from "./contract/openapi.ts";
import type { AsyncApi, OpenApi } from "./contract/page/documents.ts";
import { docsPage } from "./contract/page/page.ts";

const textOf = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

export const openapiText = textOf(openapi);
export const asyncapiText = textOf(asyncapi);
/** From the texts, so that the page can't know more than they do. */
export const docsText = docsPage(
  JSON.parse(openapiText) as OpenApi,
  JSON.parse(asyncapiText) as AsyncApi,
  new Set<string>(clientMessageNames),
);
