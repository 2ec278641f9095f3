import { expect, test } from "vitest";
import { traceIdFrom } from "../../server/shared/http/trace.ts";

const id = "4bf92f3577b34da6a3ce929d0e0e4736";

test.for([`00-${id}-00f067aa0ba902b7-01`, `00-${id}-00f067aa0ba902b7-00`, `cc-${id}-00f067aa0ba902b7-01-later`])(
  "[HTTP] the caller's trace id is taken from %s",
  (traceparent) => {
    expect(traceIdFrom(traceparent)).toBe(id);
  },
);

test.for([
  undefined,
  "",
  id,
  `00-${id.toUpperCase()}-00f067aa0ba902b7-01`,
  `00-${id.slice(1)}-00f067aa0ba902b7-01`,
  `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
  `x 00-${id}-00f067aa0ba902b7-01`,
  `00-${id}`,
])("[HTTP] %j gets a new trace id", (traceparent) => {
  const made = traceIdFrom(traceparent);
  expect(made).toMatch(/^[0-9a-f]{32}$/);
  expect(made).not.toBe(id);
  expect(made).not.toBe(traceIdFrom(traceparent));
});

test("[HTTP] trace ids that W3C Trace Context forbids are not taken over", () => {
  // Version ff and a parent id of zeros are invalid, and an invalid header is to be ignored.
  expect(traceIdFrom(`ff-${id}-00f067aa0ba902b7-01`)).not.toBe(id);
  expect(traceIdFrom(`00-${id}-${"0".repeat(16)}-01`)).not.toBe(id);
});
