import { expect, test } from "vitest";
import { wantsEventStream } from "../../server/shared/http/accepts.ts";

test.each([
  [undefined, false],
  ["", false],
  ["*/*", false],
  ["text/*", false],
  ["application/json", false],
  ["text/event-stream", true],
  ["TEXT/Event-Stream", true],
  ["text/event-stream;q=0", false],
  ["text/event-stream; Q=0.000", false],
  ["text/event-stream ; q = 0.1", true],
  ["text/event-stream;charset=utf-8", true],
  ["text/event-stream;q=0.5, application/json", false],
  ["application/json;q=0.4, text/event-stream;q=0.5", true],
  ["application/json, text/event-stream", true],
  ["text/html, text/event-stream;q=0.9, */*;q=0.1", true],
  ["application/x-text/event-stream", false],
  ["text/event-streams", false],
  ["text/event-stream;q=high", true],
])("[U8] Accept %j asks for a stream: %s", (accept, wanted) => {
  expect(wantsEventStream(accept)).toBe(wanted);
});
