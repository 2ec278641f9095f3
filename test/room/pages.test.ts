/** What a browser asks for by itself, or a person types. */
import { expect, test } from "vitest";
import { guarded } from "./support/doors.ts";

test.for(["/docs/", "/health/", "/openapi.json/"])(
  "[P1] %s leads to the page without the slash, without a credential",
  async (path) => {
    const answer = await guarded(path, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([308, path.slice(0, -1)]);
  },
);

test("[P1] an icon that a browser looks for is no error", async () => {
  expect((await guarded("/favicon.ico")).status).toBe(204);
  expect((await guarded("/v1/sessions/")).status).toBe(401);
});
