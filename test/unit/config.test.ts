import { expect, test } from "vitest";
import { parseConfig } from "../../server/config.ts";

test("[config] nothing set: credentials are required, and there is no service", () => {
  expect(parseConfig({})).toEqual({
    ok: true,
    value: {
      authMode: "required",
      resolve: { auto: true, window_chunks: 4 },
      inference: undefined,
      webhooks: { url: undefined, secrets: [], sharedSecret: undefined, timeoutMs: 15_000, isDevelopment: false },
      trackStalledAfterMs: 60_000,
      lifecycle: { retentionDays: null, autoFinalizeAfterMs: 86_400_000 },
    },
  });
});

test("[config] an empty variable is an unset one", () => {
  const empty = { AUTH_MODE: "", INFERENCE_BASE_URL: "", INFERENCE_TIMEOUT_MS: "", INFERENCE_API_KEY: "" };
  expect(parseConfig(empty)).toEqual(parseConfig({}));
});

test("[config] a service has defaults for all but its address", () => {
  expect(parseConfig({ INFERENCE_BASE_URL: "https://sv.example" })).toMatchObject({
    value: { inference: { url: "https://sv.example/speaker/resolve", apiKey: undefined, timeoutMs: 15_000 } },
  });
});

test("[config] base URL and path join with one slash, whatever the base ends in", () => {
  for (const base of ["http://sv.test/api", "http://sv.test/api/", "http://sv.test/api//"]) {
    const env = { AUTH_MODE: "off", INFERENCE_BASE_URL: base, INFERENCE_RESOLVE_PATH: "/v2/resolve" };
    expect(parseConfig(env)).toMatchObject({
      value: { authMode: "off", inference: { url: "http://sv.test/api/v2/resolve" } },
    });
  }
});

test("[config] bindings and variables of others are ignored", () => {
  expect(parseConfig({ RESULT_BUCKET: {}, PATH: "/bin" })).toEqual(parseConfig({}));
});

function lifecycleOf(env: object): unknown {
  const config = parseConfig(env);
  return config.ok ? config.value.lifecycle : config.error;
}

test("[config] sessions are kept and finalized as long as the variables say; `off` is never", () => {
  expect(lifecycleOf({ RETENTION_DAYS: "30", AUTO_FINALIZE_AFTER_MS: "1000" })).toEqual({
    retentionDays: 30,
    autoFinalizeAfterMs: 1_000,
  });
  expect(lifecycleOf({ AUTO_FINALIZE_AFTER_MS: "off" })).toEqual({ retentionDays: null, autoFinalizeAfterMs: 0 });
  expect(lifecycleOf({ AUTO_FINALIZE_AFTER_MS: "0", RETENTION_DAYS: "" })).toEqual({
    retentionDays: null,
    autoFinalizeAfterMs: 0,
  });
});

test("[config] it is frozen", () => {
  const config = parseConfig({ INFERENCE_BASE_URL: "https://sv.example" });
  expect(config.ok && Object.isFrozen(config.value) && Object.isFrozen(config.value.inference)).toBe(true);
});

test.for([
  ["AUTH_MODE", "Off-s3cret"],
  ["AUTH_MODE", "true-s3cret"],
  ["INFERENCE_BASE_URL", "sv.example/s3cret"],
  ["INFERENCE_BASE_URL", "ftp://s3cret@sv.example"],
  ["INFERENCE_BASE_URL", "javascript:s3cret"],
  ["INFERENCE_RESOLVE_PATH", "resolve-s3cret"],
  ["INFERENCE_TIMEOUT_MS", "s3cret"],
  ["INFERENCE_TIMEOUT_MS", "99"],
  ["INFERENCE_TIMEOUT_MS", "120001"],
  ["INFERENCE_TIMEOUT_MS", "1500.5"],
  ["INFERENCE_TIMEOUT_MS", "Infinity"],
  ["WEBHOOK_URL", "sv.example/s3cret"],
  ["WEBHOOK_URL", "https://s3cret@sv.example/"],
  ["WEBHOOK_URL", "https://10.0.0.1/s3cret"],
  ["WEBHOOK_URL", "https://sv.example/s3cret"],
  ["WEBHOOK_SECRET", "s3cret"],
  ["WEBHOOK_SECRET", "whsec_s3cret=="],
  ["WEBHOOK_SECRET", "whsec_c2hvcnQ="],
  ["WORKER_SHARED_SECRET", "s3cret with spaces"],
  ["TRACK_STALLED_AFTER_MS", "4999"],
  ["RETENTION_DAYS", "0"],
  ["RETENTION_DAYS", "s3cret"],
  ["RETENTION_DAYS", "1500.5"],
  ["AUTO_FINALIZE_AFTER_MS", "never-s3cret"],
  ["AUTO_FINALIZE_AFTER_MS", "999"],
  ["AUTO_FINALIZE_AFTER_MS", "-1"],
] as const)("[config] %s=%s: the error names the variable and not the value", ([name, value]) => {
  const config = parseConfig({ [name]: value });
  const errors = config.ok ? [] : config.error;
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(new RegExp(`^${name}: `));
  expect(errors[0]).not.toContain("s3cret");
  expect(errors[0]).not.toContain("1500.5");
});

test("[config] all bad variables are named at once", () => {
  const config = parseConfig({ AUTH_MODE: "no", INFERENCE_TIMEOUT_MS: "soon" });
  expect(config.ok ? [] : config.error.map((line) => line.split(":")[0])).toEqual([
    "AUTH_MODE",
    "INFERENCE_TIMEOUT_MS",
  ]);
});
