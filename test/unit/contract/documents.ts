/** The published documents as they lie in the repository, and as much of their shape as tests read. */
import { readFileSync } from "node:fs";
import type { LimitRow, WireErrorRow } from "../../../scripts/contract/tables.ts";
import type { JsonSchema } from "../../../scripts/contract/tidy-schema.ts";
import type { Json } from "../../support/contract-schemas.ts";

export interface Content {
  readonly [contentType: string]: {
    readonly schema?: JsonSchema;
    readonly examples?: { readonly [name: string]: { readonly summary?: string; readonly value?: unknown } };
  };
}

export interface Answer {
  readonly $ref?: string;
  readonly content?: Content;
  readonly "x-codes"?: readonly string[];
}

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

export interface Operation {
  readonly operationId: string;
  readonly description: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Answer>>;
}

type PathItem = Readonly<Record<string, Operation>>;

interface OpenApi {
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly webhooks: Readonly<Record<string, PathItem>>;
  readonly "x-limits": readonly LimitRow[];
  readonly "x-problems": readonly { readonly code: string }[];
}

interface Message {
  readonly name: string;
  readonly payload: JsonSchema;
  readonly examples: readonly { readonly payload: unknown }[];
}

interface Ref {
  readonly $ref: string;
}

export interface AsyncApi {
  readonly channels: Readonly<Record<string, { readonly address: string }>>;
  readonly operations: Readonly<
    Record<string, { readonly messages: readonly Ref[]; readonly reply?: { readonly messages: readonly Ref[] } }>
  >;
  readonly components: { readonly messages: Readonly<Record<string, Message>> };
  readonly "x-subprotocols": readonly { readonly name: string }[];
  readonly "x-errors": readonly WireErrorRow[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../schemas/published/${name}`, import.meta.url), "utf8"));

export const openapi = read("openapi.json") as OpenApi & Json;
export const asyncapi = read("asyncapi.json") as AsyncApi & Json;

/** In the order of the document. */
export const routes = Object.entries(openapi.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);

/** The last part of a `$ref`. */
export const lastOf = (ref: string): string => ref.slice(ref.lastIndexOf("/") + 1);
