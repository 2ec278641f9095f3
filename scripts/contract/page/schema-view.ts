/** JSON Schemas for people: a table of fields, each with its type in words. */
import type { JsonSchema } from "../tidy-schema.ts";
import { lastOf } from "./documents.ts";
import { code, html, inline, type Markup, nothing, table } from "./markup.ts";

/** What a value is, in a few words. */
export function typeOf(schema: JsonSchema | boolean | undefined): Markup {
  if (schema === undefined || typeof schema === "boolean") return html`anything`;
  if (schema.$ref !== undefined) {
    const name = lastOf(schema.$ref);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema["const"] !== undefined) return code(JSON.stringify(schema["const"]));
  if (Array.isArray(schema["enum"]))
    return listed(
      schema["enum"].map((value) => code(JSON.stringify(value))),
      " | ",
    );
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices) return listed(choices.map(typeOf), schema.allOf ? " and " : " | ");
  if (schema.type === "array") return arrayType(schema);
  if (schema.type === "object") return objectType(schema);
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? "anything");
  return html`${type}${boundsOf(schema)}`;
}

function arrayType({ items, prefixItems, minItems, maxItems }: JsonSchema): Markup {
  const places = prefixItems ?? (Array.isArray(items) ? items : undefined);
  if (places) return html`[${listed(places.map(typeOf), ", ")}]`;
  const inner = Array.isArray(items) ? undefined : items;
  const [least, most] = [numberOf(minItems), numberOf(maxItems)];
  return html`list of ${typeOf(inner)}${range(least, most, "")}`;
}

function objectType({ properties, additionalProperties }: JsonSchema): Markup {
  if (properties && Object.keys(properties).length > 0) return html`object`;
  return html`map of ${typeOf(additionalProperties)}`;
}

function boundsOf(schema: JsonSchema): Markup {
  const { format, pattern } = schema;
  if (format !== undefined) return html` (${format})`;
  if (pattern !== undefined) return html` matching ${code(pattern)}`;
  const characters = range(numberOf(schema["minLength"]), numberOf(schema["maxLength"]), " characters");
  const above = numberOf(schema["exclusiveMinimum"]);
  return html`${range(schema.minimum, schema.maximum, "")}${characters}${above === undefined ? nothing : html`, above ${String(above)}`}`;
}

const show = (value: number): string => value.toLocaleString("en-US");

function range(least: number | undefined, most: number | undefined, unit: string): Markup {
  if (least !== undefined && most !== undefined) return html`, ${show(least)}–${show(most)}${unit}`;
  if (most !== undefined) return html`, at most ${show(most)}${unit}`;
  return least === undefined ? nothing : html`, at least ${show(least)}${unit}`;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function listed(parts: readonly Markup[], between: string): Markup {
  return html`${parts.map((part, i) => html`${i === 0 ? "" : between}${part}`)}`;
}

interface Field {
  readonly path: string;
  readonly isRequired: boolean;
  readonly schema: JsonSchema;
}

/** Every field, those of unnamed objects inside as well: `audio.format`, `segments[].start_ms`. */
function fieldsOf(schema: JsonSchema, prefix = ""): Field[] {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    return [{ path, isRequired: required.includes(name), schema: field }, ...insideOf(field, path)];
  });
}

function insideOf(field: JsonSchema, path: string): Field[] {
  if (field.properties) return fieldsOf(field, `${path}.`);
  if (field.items && !Array.isArray(field.items)) return insideOf(field.items, `${path}[]`);
  return (field.anyOf ?? []).flatMap((choice) => insideOf(choice, path));
}

/** A schema: its fields as a table; of a choice, each; of anything else, what it is. */
export function schemaView(schema: JsonSchema): Markup {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices?.some(({ properties }) => properties)) {
    return html`${choices.map((choice, i) => html`${i === 0 ? nothing : html`<p>or</p>`}${schemaView(choice)}`)}`;
  }
  const fields = fieldsOf(schema);
  if (fields.length === 0) return html`<p>${typeOf(schema)}</p>`;
  const rows = fields.map(({ path, isRequired, schema: field }) => [
    html`<code>${path}</code>${isRequired ? nothing : html`<span class="optional">?</span>`}`,
    html`${typeOf(field)}${defaultOf(field)}`,
    inline(field.description ?? ""),
  ]);
  const closed = schema.additionalProperties === false ? html`<p>Another field is refused.</p>` : nothing;
  return html`${table(["field", "type", "meaning"], rows)}${closed}`;
}

export function defaultOf(schema: JsonSchema): Markup {
  return schema["default"] === undefined ? nothing : html`; default ${code(JSON.stringify(schema["default"]))}`;
}
