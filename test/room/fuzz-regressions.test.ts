/** What the fuzzers found: each input that once was answered wrongly. */
import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { gateway } from "./support/bindings.ts";
import { gatewayWith } from "./support/doors.ts";
import { createSession, get, resolve } from "./support/http.ts";
import { answerTo, inference } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

const lists = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
/** A body whose `metadata` is a map of a list of lists. */
const withMetadata = (levels: number): string => `{"metadata":{"a":${lists(levels - 2)}}}`;

async function codeOf(answer: Response): Promise<string> {
  return (await answer.json<{ code: string }>()).code;
}

// 500: writing the value, or handing it to the room, ran out of stack; finalize then never came to its end.
test.for([limits.maxJsonLevels + 1, 3_000, 30_000])(
  "[limit:maxJsonLevels] metadata %i levels deep is refused everywhere",
  async (levels) => {
    const room = new RoomUnderTest(newSession());
    await createSession(room.sessionId, {});
    const before = await room.dump(["jobs"]);
    const path = `/v1/sessions/${room.sessionId}`;
    for (const [method, to] of [
      ["POST", "/v1/sessions"],
      ["PATCH", path],
      ["POST", `${path}/finalize`],
    ] as const) {
      const answer = await gateway(to, { method, body: withMetadata(levels) });
      expect(answer.status).toBe(400);
      expect(await codeOf(answer)).toBe("bad_request");
    }
    expect(await room.dump(["jobs"])).toEqual(before);
  },
);

test("metadata as deep as may be comes out of the result", async () => {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, {});
  const path = `/v1/sessions/${room.sessionId}`;
  const body = withMetadata(limits.maxJsonLevels);
  expect((await gateway(path, { method: "PATCH", body })).status).toBe(200);
  expect((await gateway(`${path}/finalize`, { method: "POST", body })).status).toBe(200);
  expect(await (await get(room.sessionId, "result")).json()).toMatchObject(JSON.parse(body) as object);
});

// The same on the other side: such a state could be kept, and then neither shown nor written into the result.
test("[S1] an inference answer 3,000 levels deep is a failed one", async () => {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, {});
  inference(room.sessionId, (request) => {
    const text = JSON.stringify({ ...answerTo(request), deep: "here" });
    return new Response(text.replace('"here"', lists(3_000)));
  });
  const answer = await resolve(room.sessionId);
  expect(answer.status).toBe(502);
  expect((await get(room.sessionId, "state")).status).toBe(200);
});

// 500 and an error in the log: a client that hangs up is no failure of the gateway.
test("a body that breaks off is refused", async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"meta'));
    },
    pull(controller) {
      controller.error(new Error("Network connection lost."));
    },
  });
  // In this isolate: on the way into another one, the stream's error would get lost.
  const answer = await gatewayWith({}, "http://localhost")("/v1/sessions", { method: "POST", body });
  expect(answer.status).toBe(400);
  expect(await codeOf(answer)).toBe("bad_request");
});
