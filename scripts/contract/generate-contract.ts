/** The published contract as texts: `openapi.json` and `asyncapi.json`. */
import { asyncapi } from "./asyncapi.ts";
import { openapi } from "./openapi.ts";

const textOf = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

export const openapiText = textOf(openapi);
export const asyncapiText = textOf(asyncapi);
