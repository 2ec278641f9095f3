/** JSON Schemas as they are published: without what zod adds for its own sake, and with what the comments say. */
import * as z from "zod";
import type { SchemaComments } from "./source-comments.ts";

/** As much of JSON Schema as is looked at here. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema | JsonSchema[];
  prefixItems?: JsonSchema[];
  additionalProperties?: JsonSchema | boolean;
  propertyNames?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  [keyword: string]: unknown;
}

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>["override"]>;

/**
 * Takes away: that an answer never gets another field (clients are to ignore what they don't know), the bounds of safe
 * integers, and patterns that only say again what `format` says.
 */
export const tidySchema: Override = ({ jsonSchema, zodSchema }) => {
  if (zodSchema instanceof z.ZodObject && zodSchema.def.catchall === undefined) delete jsonSchema.additionalProperties;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  // A number in a query is digits there; `type` says what they stand for.
  if (jsonSchema.type === "integer" || jsonSchema.format !== undefined) delete jsonSchema.pattern;
  // zod leaves out a default that stands behind a transform, since it is no text; as a number it is right.
  if (zodSchema instanceof z.ZodDefault && jsonSchema.type === "integer")
    jsonSchema.default = zodSchema.def.defaultValue;
};

/** The schemas directly inside one. */
export function childrenOf(schema: JsonSchema): JsonSchema[] {
  const { properties = {}, items, prefixItems = [], additionalProperties, anyOf = [], oneOf = [], allOf = [] } = schema;
  return [
    ...Object.values(properties),
    ...(Array.isArray(items) ? items : items ? [items] : []),
    ...prefixItems,
    ...(typeof additionalProperties === "object" ? [additionalProperties] : []),
    ...anyOf,
    ...oneOf,
    ...allOf,
  ];
}

/**
 * Gives a schema and its fields, in place, the descriptions that they lack.
 * @param draft7 there nothing may stand beside a `$ref`.
 */
export function describe(schema: JsonSchema, { description, fields }: SchemaComments, draft7 = false): void {
  if (description !== undefined) schema.description ??= description;
  describeFields(schema, fields, draft7);
}

function describeFields(schema: JsonSchema, fields: ReadonlyMap<string, string>, draft7: boolean): void {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const text = fields.get(name);
    if (text === undefined || field.description !== undefined) continue;
    if (draft7 && field.$ref !== undefined) {
      field.allOf = [{ $ref: field.$ref }];
      delete field.$ref;
    }
    field.description = text;
  }
  for (const child of childrenOf(schema)) describeFields(child, fields, draft7);
}

/** Every name that a `$ref` below a prefix names, anywhere in a document. */
export function namesReferredTo(document: unknown, prefix: string): Set<string> {
  const found = new Set<string>();
  JSON.stringify(document, (key, value: unknown) => {
    if (key === "$ref" && typeof value === "string" && value.startsWith(prefix)) found.add(value.slice(prefix.length));
    return value;
  });
  return found;
}

/** Keeps, of what a document's `components` offer, what is used; what is used only by the unused goes too. */
export function withoutUnused<T>(
  document: unknown,
  components: Readonly<Record<string, T>>,
  prefix: string,
): Record<string, T> {
  const used = namesReferredTo(document, prefix);
  // A set's loop also comes to what is added on the way.
  for (const name of used) for (const inner of namesReferredTo(components[name], prefix)) used.add(inner);
  return Object.fromEntries(
    Object.entries(components)
      .filter(([name]) => used.has(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
