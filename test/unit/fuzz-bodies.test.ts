/** What is mutated is good before it is: else every request of a route is refused at the door, and nobody looks behind it. */
import { expect, test } from "vitest";
import { type Operation, type OperationId, operations } from "../../schemas/http/operations.ts";
import { buildRequest } from "../fuzz/build-request.ts";
import { goodBodies } from "../fuzz/good-bodies.ts";
import type { RequestPlan } from "../fuzz/request-plan.ts";
import type { RequestWorld } from "../fuzz/request-world.ts";

const all = Object.entries(operations) as [OperationId, Operation][];
const withBody = all.filter(([, { body }]) => body !== undefined);
/** Of these the body is a form with audio. */
const forms: ReadonlySet<string> = new Set(["transcribeAudio", "apiStt"]);

test("each operation of the contract that takes JSON has a body of which its mutants are made", () => {
  const loose = all.filter(([id, { takesAnything }]) => takesAnything === true && !forms.has(id));
  const lack = [...withBody, ...loose].filter(([id, { method }]) => method !== "GET" && goodBodies[id] === undefined);
  expect(lack.map(([id]) => id)).toEqual([]);
});

test.for(withBody)("the body of %s is one", ([id, { body }]) => {
  const parsed = body?.schema.safeParse(goodBodies[id]?.("fuzzed-1"));
  expect(parsed?.error?.issues).toBeUndefined();
});

test.for(all)("the path of %s has a value for each of its names", ([operation]) => {
  const plan: RequestPlan = {
    operation,
    method: undefined,
    session: { kind: "reference" },
    part: "good",
    path: [],
    query: [],
    headers: [],
    isUpgrade: false,
    credential: { name: "none", as: "bearer" },
    body: { edits: [], bytes: [], isChunked: false, lie: undefined },
  };
  const world: RequestWorld = {
    tag: "t",
    reference: "fuzzed-1",
    scratch: [],
    unknown: "u",
    credentials: {} as RequestWorld["credentials"],
    secrets: [],
    dump: () => Promise.resolve({}),
  };
  expect(buildRequest(plan, world).path).not.toContain(":");
});
