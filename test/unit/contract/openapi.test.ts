import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { type HttpErrorCode, httpErrors } from "../../../schemas/wire/errors.ts";
import { commonErrors, type Operation, type OperationId, operations } from "../../../schemas/http/operations.ts";
import { audioQuerySchema, eventsQuerySchema, listQuerySchema } from "../../../schemas/http/queries.ts";
import { anyWebhookSchema, deliveredEventSchema } from "../../../schemas/webhooks.ts";
import { templateOf } from "../../../scripts/contract/parameters.ts";
import { outsideOperations } from "../../../scripts/contract/problems.ts";
import { createChecks, danglingRefs, resolved } from "../../support/contract-schemas.ts";
import { type Answer, type Content, openapi, routes } from "./documents.ts";

const check = createChecks(openapi, "2020-12");
const rows = Object.entries(operations) as [OperationId, Operation][];
const routeOf = (id: OperationId) => {
  const found = routes.find(({ operation }) => operation.operationId === id);
  if (!found) throw new Error(`no operation ${id}`);
  return found;
};
const limit = (id: OperationId) => routeOf(id).operation.parameters?.find(({ name }) => name === "limit")?.schema;
const answersOf = (id: OperationId): [string, Answer][] =>
  Object.entries(routeOf(id).operation.responses).map(([status, answer]) => [status, resolved(openapi, answer)]);
const valuesOf = (content: Content | undefined, contentType: string): [string, unknown][] =>
  Object.entries(content?.[contentType]?.examples ?? {}).map(([name, one]) => [name, resolved(openapi, one)["value"]]);

describe("openapi.json", () => {
  test("an independent validator accepts it as OpenAPI 3.1", async () => {
    const validator = new Validator();
    const verdict = await validator.validate(structuredClone(openapi) as Record<string, unknown>);
    expect(verdict).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  test("every $ref leads somewhere", () => {
    expect(danglingRefs(openapi)).toEqual([]);
  });

  test("it has the operations of the table, each once, at its path", () => {
    expect(routes.map(({ method, path, operation }) => `${operation.operationId} ${method} ${path}`)).toEqual(
      rows
        .map(([id, { method, path }]) => `${id} ${method} ${templateOf(path)}`)
        .toSorted((a, b) => orderOf(a) - orderOf(b)),
    );
    const ids = [...routes.map(({ operation }) => operation.operationId), ...Object.keys(openapi.webhooks)];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("every part of a path is a parameter, and nothing else is", () => {
    for (const { path, operation } of routes) {
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(inPath.every(({ required }) => required)).toBe(true);
    }
  });

  test("an operation has the errors of the table and no others", () => {
    const told = new Set<string>();
    for (const [id, operation] of rows) {
      const byStatus = answersOf(id).flatMap(([status, answer]) =>
        (answer["x-codes"] ?? []).map((code) => {
          expect(httpErrors[code as HttpErrorCode].status).toBe(Number(status));
          return code;
        }),
      );
      expect(byStatus.toSorted()).toEqual([...new Set([...commonErrors(operation), ...operation.errors])].toSorted());
      for (const code of byStatus) told.add(code);
    }
    expect([...told, ...outsideOperations].toSorted()).toEqual(Object.keys(httpErrors).toSorted());
    expect(openapi["x-problems"].map(({ code }) => code)).toEqual(Object.keys(httpErrors));
  });

  test("what needs no credential says so, and everything else says who may", () => {
    for (const [id, { access }] of rows) {
      const { operation } = routeOf(id);
      const said = operation as unknown as Record<string, unknown>;
      expect(said["x-access"]).toBe(access === "public" ? "public" : "guarded");
      expect(said["security"]).toHaveLength(schemesOf(operations[id]));
      const { "x-scope": scope, "x-roles": roles, "x-covers": covers } = said;
      const told = access === "public" ? {} : access;
      expect({ scope, roles, covers }).toEqual({ scope: undefined, roles: undefined, covers: undefined, ...told });
      expect(operation.description).toContain(access === "public" ? "Needs no credential." : `\`${access.scope}\``);
    }
  });

  test("numbers in queries are what the gateway takes", () => {
    expect(limit("listSessions")).toMatchObject({ type: "integer", minimum: 1, maximum: 500, default: 50 });
    for (const [id, schema] of [
      ["listSessions", listQuerySchema],
      ["getEvents", eventsQuerySchema],
    ] as const) {
      const { minimum = 0, maximum = 0, default: otherwise } = limit(id) ?? {};
      const takes = (value: number) => schema.safeParse({ limit: String(value) }).success;
      expect([minimum - 1, minimum, maximum, maximum + 1].map(takes)).toEqual([false, true, true, false]);
      expect(schema.parse({}).limit).toBe(otherwise);
    }
    expect(audioQuerySchema.safeParse({ from_ms: "-1" }).success).toBe(false);
  });
});

describe("examples of openapi.json", () => {
  test("the check that they go through finds what is wrong", () => {
    const ref = { $ref: "#/components/schemas/SessionId" };
    expect(check(ref)("board-7")).toEqual([]);
    expect(check(ref)("board/7")).toHaveLength(1);
    expect(check({ $ref: "#/components/schemas/Health" })({ status: "ok" })).not.toEqual([]);
    expect(check({ type: "string", format: "date-time" })("yesterday")).toHaveLength(1);
  });

  test.each(rows)("%s", (id, operation) => {
    const { requestBody, parameters = [] } = routeOf(id).operation;
    for (const parameter of parameters.map((one) => resolved(openapi, one)).filter((one) => "example" in one)) {
      expect(check(parameter["schema"] as object)(parameter["example"])).toEqual([]);
    }
    const bodies = valuesOf(requestBody?.content, "application/json");
    expect(bodies.length > 0).toBe(operation.body !== undefined);
    for (const [name, value] of bodies) {
      expect({ name, wrong: check(requestBody?.content["application/json"]?.schema ?? {})(value) }).toEqual({
        name,
        wrong: [],
      });
      expect({ name, error: operation.body?.schema.safeParse(value).error }).toEqual({ name, error: undefined });
    }
    for (const [status, { content = {} }] of answersOf(id)) {
      for (const [contentType, { schema }] of Object.entries(content)) {
        for (const [name, value] of valuesOf(content, contentType)) {
          expect({ status, name, wrong: check(schema ?? {})(value) }).toEqual({ status, name, wrong: [] });
        }
      }
      const zod = operation.answers[Number(status)]?.schema;
      const values = valuesOf(content, "application/json");
      expect(values.length > 0).toBe(zod !== undefined && !isNeverRecorded(id, status));
      // Parsed, so that an example with a field that the schema lacks is not the same any more.
      for (const [, value] of values) expect(zod?.parse(value)).toEqual(value);
    }
  });

  test.each(Object.entries(openapi.webhooks))("webhook %s", (type, { post }) => {
    const content = post?.requestBody?.content;
    const values = valuesOf(content, "application/json");
    expect(values.length).toBeGreaterThan(0);
    for (const [, value] of values) {
      expect(check(content?.["application/json"]?.schema ?? {})(value)).toEqual([]);
      expect(anyWebhookSchema.parse(value)).toEqual(value);
      // Some are about no event.
      const ofEvent = deliveredEventSchema.safeParse(type).success ? { data: { event: { type } } } : {};
      expect(value).toMatchObject({ type, ...ofEvent });
    }
  });
});

/** A deletion of so short a meeting is done when it is answered. */
function isNeverRecorded(id: OperationId, status: string): boolean {
  return (id === "deleteSession" && status === "202") || (id === "ready" && status === "503");
}

/** Where an operation stands in the document: operations of one path stand together. */
function orderOf(line: string): number {
  const [, method = "", path = ""] = line.split(" ");
  const paths = Object.keys(openapi.paths);
  return paths.indexOf(path) * 10 + Object.keys(openapi.paths[path] ?? {}).indexOf(method.toLowerCase());
}

/** A key; a token, where tokens may; and that in the URL, where nothing but that can be told. */
function schemesOf({ access, method }: Operation): number {
  if (access === "public") return 0;
  return access.roles.length === 0 ? 1 : method === "GET" ? 3 : 2;
}
