/** The published documents as they lie in the repository. */
import { readFileSync } from "node:fs";
import type { AsyncApi, OpenApi } from "../../../scripts/contract/page/documents.ts";
import type { Json } from "../../support/contract-schemas.ts";

const read = (name: string): string =>
  readFileSync(new URL(`../../../schemas/published/${name}`, import.meta.url), "utf8");

export const openapi = JSON.parse(read("openapi.json")) as OpenApi & Json;
export const asyncapi = JSON.parse(read("asyncapi.json")) as AsyncApi & Json;
export const docs = read("docs.html");
