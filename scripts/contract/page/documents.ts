/** As much of the two documents as the page reads. Both are ours: what is missing here is a bug, not input. */
import type { JsonSchema } from "../tidy-schema.ts";
import type { LimitRow, WireErrorRow } from "../tables.ts";

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

export interface Examples {
  readonly [name: string]: { readonly summary?: string; readonly value?: unknown };
}

export interface Content {
  readonly [contentType: string]: { readonly schema?: JsonSchema; readonly examples?: Examples };
}

export interface Answer {
  readonly $ref?: string;
  readonly description?: string;
  readonly headers?: Readonly<Record<string, object>>;
  readonly content?: Content;
  readonly "x-codes"?: readonly string[];
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly (Parameter & { readonly $ref?: string })[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Answer>>;
  readonly "x-asyncapi-channel"?: string;
}

type PathItem = Readonly<Record<string, OpenApiOperation>>;

export interface OpenApi {
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly summary: string;
    readonly description: string;
  };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly webhooks: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly headers: Readonly<Record<string, { readonly description: string }>>;
    readonly responses: Readonly<Record<string, Answer>>;
    readonly securitySchemes: Readonly<Record<string, { readonly description: string }>>;
  };
  readonly "x-limits": readonly LimitRow[];
  readonly "x-problems": readonly { readonly code: string; readonly status: number; readonly title: string }[];
}

export interface Message {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly payload: JsonSchema;
  readonly examples: readonly { readonly summary: string; readonly payload: unknown }[];
}

export interface Channel {
  readonly address: string;
  readonly title: string;
  readonly summary: string;
  readonly description: string;
}

export interface AsyncApi {
  readonly info: { readonly description: string };
  readonly channels: Readonly<Record<string, Channel>>;
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly action: "send" | "receive";
        readonly channel: { readonly $ref: string };
        readonly messages: readonly { readonly $ref: string }[];
        readonly reply?: { readonly messages: readonly { readonly $ref: string }[] };
      }
    >
  >;
  readonly components: {
    readonly messages: Readonly<Record<string, Message>>;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
  };
  readonly "x-subprotocols": readonly { readonly name: string; readonly meaning: string }[];
  readonly "x-errors": readonly WireErrorRow[];
}

/** The last part of a `$ref`. */
export function lastOf(ref: string): string {
  return ref.slice(ref.lastIndexOf("/") + 1);
}
