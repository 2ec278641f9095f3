/** What a browser asks for by itself, or a person types. */
import { expect, test } from "vitest";
import { bearer, guarded, ownOrigin } from "./support/doors.ts";
import { Tenant } from "./support/tenant.ts";

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

const varyOf = ({ headers }: Response): string[] =>
  (headers.get("vary") ?? "").split(/\s*,\s*/).filter((name) => name !== "");

test("[P20] what may be kept says by what it is another answer: the page that asks, and who", async () => {
  const tenant = await Tenant.new();
  const room = tenant.room();
  await tenant.create(room);
  const ask = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    guarded(path, { headers: { ...bearer(tenant.key), ...headers } });
  const origin = { origin: ownOrigin };
  for (const headers of [{}, origin]) {
    const page = await ask("/openapi.json", headers);
    expect([page.status, page.headers.get("cache-control"), varyOf(page)]).toEqual([
      200,
      "public, max-age=300",
      ["Origin"],
    ]);
  }
  for (const path of ["state", "transcript.vtt", "speakers.rttm"]) {
    for (const headers of [{}, origin])
      expect(varyOf(await ask(`/v1/sessions/${room.sessionId}/${path}`, headers))).toEqual(["Origin", "Authorization"]);
  }
  // What is kept nowhere depends on nothing.
  const events = await ask(`/v1/sessions/${room.sessionId}/events`);
  expect([events.headers.get("cache-control"), varyOf(events)]).toEqual(["no-store", []]);
});

test("[P20][SY6] a body that one user holds is no answer to another user of the same browser", async () => {
  const tenant = await Tenant.new();
  const bytes = new TextEncoder().encode("The kiln is fired at 1,240 degrees.");
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  const path = `/v1/sync/bodies/${sha256}`;
  await tenant.send("POST", "/v1/sync/bodies", { sha256, bytes: bytes.length });
  await guarded(`${path}/parts/1`, { method: "PUT", headers: bearer(tenant.key), body: bytes });
  expect((await tenant.send("POST", `${path}/complete`)).status).toBe(200);
  const answer = await guarded(path, { headers: bearer(tenant.key) });
  expect([answer.status, varyOf(answer)]).toEqual([200, ["Origin", "Authorization"]]);
});
