/** Checking values against the published documents, by nothing but what stands in them. */
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

export type Json = Readonly<Record<string, unknown>>;

/** @returns sentences on what is wrong; empty where the value is right. */
export type Check = (value: unknown) => string[];

/** @param draft of the document's schemas: OpenAPI 3.1 means 2020-12, AsyncAPI 3.0 draft 7. */
export function createChecks(document: Json, draft: "2020-12" | "draft-7"): (schema: object) => Check {
  const options = { strict: false, allErrors: true } as const;
  const ajv = draft === "2020-12" ? new Ajv2020(options) : new Ajv(options);
  formats(ajv);
  const { components } = document;
  return (schema) => {
    // In draft 7 nothing beside a `$ref` counts, so the schema goes one down.
    const validate = ajv.compile({ components, allOf: [schema] });
    return (value) =>
      validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`);
  };
}

/**
 * The document with every object closed: what it does not name is then an error. Published schemas are open, since clients
 * are to ignore what they don't know; tests are not clients.
 */
export function closed<T>(document: T): T {
  return close(document, false) as T;
}

function close(value: unknown, isPart: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => close(item, isPart));
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, close(item, key === "allOf")]));
  const isOpenObject = "properties" in value && "type" in value && value.type === "object";
  // A part of an `allOf` names some of the fields only.
  return isOpenObject && !isPart && !("additionalProperties" in value)
    ? { ...copy, additionalProperties: false }
    : copy;
}

/** What a `$ref` of the document stands for; anything else as it is. */
export function resolved(document: Json, value: unknown): Json {
  const ref = typeof value === "object" && value !== null && "$ref" in value ? value.$ref : undefined;
  if (typeof ref !== "string") return value as Json;
  return pointed(document, ref);
}

function pointed(document: Json, ref: string): Json {
  let at: unknown = document;
  for (const part of ref.slice(2).split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    at = typeof at === "object" && at !== null ? (at as Json)[name] : undefined;
  }
  if (typeof at !== "object" || at === null) throw new Error(`${ref} leads nowhere`);
  return at as Json;
}

/** Every `$ref` of the document that leads nowhere. */
export function danglingRefs(document: Json): string[] {
  const found = new Set<string>();
  JSON.stringify(document, (key, value: unknown) => {
    if (key === "$ref" && typeof value === "string") found.add(value);
    return value;
  });
  return [...found].filter((ref) => {
    try {
      return !ref.startsWith("#/") || !pointed(document, ref);
    } catch {
      return true;
    }
  });
}
