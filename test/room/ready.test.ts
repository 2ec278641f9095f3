/** `GET /ready`, with each of the things broken that it looks at, and `GET /health`, which looks at nothing. */
import { beforeEach, describe, expect, test } from "vitest";
import { healthSchema, type Ready, readySchema } from "../../schemas/http/health.ts";
import { bindings } from "./support/bindings.ts";
import { clock } from "./support/clock.ts";
import { gatewayWith } from "./support/doors.ts";

const broken = (name: string): never => {
  throw new Error(`${name} at https://user:pass@internal.example is down`);
};
const origin = "http://localhost";
const app = { fetch: () => Promise.resolve(new Response("none", { status: 404 })) };

/** Asks a gateway of its own: its rooms' binding is what looks are remembered by. */
async function ask(variables: object = {}): Promise<{ status: number; ready: Ready; text: string }> {
  const rooms = { getByName: (name: string) => bindings.MEETING_SESSION.getByName(name) };
  const answer = await gatewayWith(
    { MEETING_SESSION: rooms, APP: app, INFERENCE_BASE_URL: "", ...variables },
    origin,
  )("/ready");
  const text = await answer.text();
  return { status: answer.status, ready: readySchema.parse(JSON.parse(text)), text };
}

beforeEach(() => {
  clock.advance(60_000);
});

describe("ready", () => {
  test("[X8] all of it works", async () => {
    expect(await ask()).toMatchObject({
      status: 200,
      ready: {
        status: "ready",
        checks: { rooms: { status: "ok" }, storage: { status: "ok" }, index: { status: "ok" }, app: { status: "ok" } },
      },
    });
  });

  test("[X8] without an app and without a service nothing is missing", async () => {
    const { ready } = await ask({ APP: undefined });
    expect(ready).toMatchObject({
      status: "ready",
      checks: { app: { status: "absent" }, inference: { status: "absent" } },
    });
  });

  const fatal: readonly [keyof Ready["checks"], object][] = [
    ["rooms", { MEETING_SESSION: { getByName: () => ({ call: () => Promise.reject(new Error("overloaded")) }) } }],
    ["rooms", { MEETING_SESSION: { getByName: () => broken("rooms") } }],
    ["storage", { RESULT_BUCKET: { head: () => Promise.reject(new Error("10001")) } }],
    ["storage", { RESULT_BUCKET: { head: () => broken("R2") } }],
    ["index", { DB: { prepare: () => broken("D1") } }],
  ];
  test.for(fatal)("[X8] %s down: 503, which it is, and nothing of where", async ([what, variables]) => {
    const { status, ready, text } = await ask(variables);
    expect([status, ready.status, ready.checks[what].status]).toEqual([503, "not_ready", "down"]);
    expect(Object.values(ready.checks).filter((check) => check.status === "down")).toHaveLength(1);
    expect(text).not.toContain("internal.example");
  });

  test("[X8] tables that are not there are a broken index", async () => {
    await bindings.DB.exec("ALTER TABLE api_keys RENAME TO elsewhere");
    try {
      expect((await ask()).ready.checks.index.status).toBe("down");
    } finally {
      await bindings.DB.exec("ALTER TABLE elsewhere RENAME TO api_keys");
    }
    expect((await ask()).ready.status).toBe("ready");
  });

  const beside: readonly [keyof Ready["checks"], object][] = [
    ["inference", { INFERENCE_BASE_URL: "http://127.0.0.1:9" }],
    ["inference", { LOCAL_INFERENCE_URL: "http://127.0.0.1:9" }],
    ["app", { APP: { fetch: () => broken("the app") } }],
    ["app", { APP: { fetch: () => Promise.resolve(new Response(null, { status: 503 })) } }],
  ];
  test.for(beside)("[X8] %s down: degraded, and meetings are kept", async ([what, variables]) => {
    const { status, ready, text } = await ask(variables);
    expect([status, ready.status, ready.checks[what].status]).toEqual([200, "degraded", "down"]);
    expect(text).not.toMatch(/127\.0\.0\.1|internal/);
  });

  test("[X8] what never answers is down after two seconds", async () => {
    const { ready } = await ask({ RESULT_BUCKET: { head: () => new Promise(() => undefined) } });
    expect(ready.checks.storage).toEqual({ status: "down", reason: "It did not answer within 2000 ms." });
  });

  test("[X8] asked a hundred times, it looks once in five seconds", async () => {
    let looks = 0;
    const bucket = { head: () => Promise.resolve((looks += 1)) };
    const rooms = { getByName: (name: string) => bindings.MEETING_SESSION.getByName(name) };
    const gateway = gatewayWith({ MEETING_SESSION: rooms, RESULT_BUCKET: bucket }, origin);
    const first = await (await gateway("/ready")).text();
    for (let asked = 0; asked < 100; asked += 1) expect(await (await gateway("/ready")).text()).toBe(first);
    expect(looks).toBe(1);
    clock.advance(5_001);
    await gateway("/ready");
    expect(looks).toBe(2);
    // With a clock that is set back by an hour it looks again at once, and not in an hour.
    clock.advance(-3_600_000);
    await gateway("/ready");
    expect(looks).toBe(3);
  });
});

test("[X8] health is there while everything else is down, and names the build", async () => {
  const nothing = {
    MEETING_SESSION: { getByName: () => broken("rooms") },
    DB: { prepare: () => broken("D1") },
    RESULT_BUCKET: { head: () => broken("R2") },
    CF_VERSION_METADATA: { id: "upload-7" },
  };
  const answer = await gatewayWith(nothing, origin)("/health");
  expect(answer.status).toBe(200);
  expect(healthSchema.parse(await answer.json())).toMatchObject({ status: "ok", build: "upload-7" });
});

/** Who the gateway says is asked who speaks. */
async function inferenceOf(variables: object): Promise<string> {
  const answer = await gatewayWith({ INFERENCE_BASE_URL: "", ...variables }, origin)("/health");
  return healthSchema.parse(await answer.json()).inference;
}

test("[X8] health says who is asked who speaks: also a service beside the gateway, as `npm start` has one", async () => {
  expect(await inferenceOf({})).toBe("embedded");
  expect(await inferenceOf({ LOCAL_INFERENCE_URL: "http://127.0.0.1:9" })).toBe("service");
  expect(await inferenceOf({ INFERENCE_BASE_URL: "http://127.0.0.1:9" })).toBe("service");
});
