import specs from "@asyncapi/specs";
import { Ajv, type AnySchema } from "ajv";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { wireErrors } from "../../../schemas/wire/errors.ts";
import {
  controlSchemas,
  jsonChunkSchema,
  jsonLiveSchema,
  jsonSubprotocol,
  msgpackSubprotocol,
  roomMessageSchema,
} from "../../../schemas/wire/messages.ts";
import { type Operation, operations } from "../../../schemas/http/operations.ts";
import { clientMessageNames, roomMessageNames } from "../../../scripts/contract/asyncapi-messages.ts";
import { templateOf } from "../../../scripts/contract/parameters.ts";
import { createChecks, danglingRefs } from "../../support/contract-schemas.ts";
import { asyncapi, lastOf, openapi } from "./documents.ts";

const check = createChecks(asyncapi, "draft-7");
const { messages } = asyncapi.components;
const clientSchemas = { ...controlSchemas, chunk: jsonChunkSchema, live: jsonLiveSchema };
const names = (values: Iterable<string | undefined>): string[] => [...values].map(String).toSorted();
const clientMessages = clientMessageNames.map((name) => [name, messages[name]] as const);
const roomMessages = roomMessageNames.map((name) => [name, messages[name]] as const);

describe("asyncapi.json", () => {
  test("the specification's own schema accepts it as AsyncAPI 3.0.0", () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    formats(ajv);
    const validate = ajv.compile(specs.schemasWithoutId["3.0.0"] as AnySchema);
    expect({ valid: validate(asyncapi), errors: validate.errors }).toEqual({ valid: true, errors: null });
  });

  test("every $ref leads somewhere", () => {
    expect(danglingRefs(asyncapi)).toEqual([]);
  });

  test("it has a channel for each socket of the table", () => {
    const sockets = (Object.entries(operations) as [string, Operation][]).filter(([, { isSocket }]) => isSocket);
    expect(Object.entries(asyncapi.channels).map(([id, { address }]) => [id, address])).toEqual(
      sockets.map(([id, { path }]) => [id, templateOf(path)]),
    );
    for (const { address } of Object.values(asyncapi.channels)) {
      expect(openapi.paths[address]?.["get"]?.responses).toHaveProperty("101");
    }
  });

  test("it has every message of both directions, and channels send no others", () => {
    expect(names(clientMessages.map(([, message]) => message?.name))).toEqual(names(Object.keys(clientSchemas)));
    const fromRoom = roomMessageSchema.options.map(({ shape }) => shape.type.value);
    expect(names(roomMessages.map(([, message]) => message?.name))).toEqual(names(fromRoom));
    const told = Object.values(asyncapi.operations).flatMap(({ messages: own, reply }) => [
      ...own,
      ...(reply?.messages ?? []),
    ]);
    expect([...new Set(told.map(({ $ref }) => lastOf($ref)))].toSorted()).toEqual(Object.keys(messages).toSorted());
  });

  test("every error code is in it, with its close code", () => {
    const told = asyncapi["x-errors"].map((row) => [
      row.code,
      { ...row, code: undefined, close_code: row.close_code ?? undefined },
    ]);
    expect(told).toEqual(
      Object.entries(wireErrors).map(([code, entry]) => [
        code,
        {
          code: undefined,
          close_code: "closeCode" in entry ? entry.closeCode : undefined,
          ...("refusalCode" in entry ? { refusal_close_code: entry.refusalCode } : {}),
          retryable: entry.retryable,
          meaning: entry.meaning,
        },
      ]),
    );
  });

  test("it names the subprotocols", () => {
    expect(asyncapi["x-subprotocols"].map(({ name }) => name)).toEqual([
      jsonSubprotocol,
      msgpackSubprotocol,
      "bearer.<token>",
    ]);
  });
});

describe("examples of asyncapi.json", () => {
  test.each(clientMessages)("to the gateway: %s", (_, message) => {
    expect(message?.examples.length).toBeGreaterThan(0);
    for (const { payload } of message?.examples ?? []) {
      expect(check(message?.payload ?? {})(payload)).toEqual([]);
      const schema = clientSchemas[message?.name as keyof typeof clientSchemas];
      expect(schema.parse(payload)).toEqual(payload);
    }
  });

  test.each(roomMessages)("from the gateway: %s", (_, message) => {
    expect(message?.examples.length).toBeGreaterThan(0);
    for (const { payload } of message?.examples ?? []) {
      expect(check(message?.payload ?? {})(payload)).toEqual([]);
      expect(roomMessageSchema.parse(payload)).toEqual(payload);
    }
  });

  test("there is an error of every code", () => {
    const codes = messages["error"]?.examples.map(({ payload }) => roomMessageSchema.parse(payload));
    expect(codes?.map((error) => error.type === "error" && error.code).toSorted()).toEqual(
      Object.keys(wireErrors).toSorted(),
    );
  });
});
