import { expect, test } from "vitest";
import { limitRows } from "../../schemas/limits.ts";
import { parseConfig } from "../../server/shared/config/config.ts";

const jwtSecret = "a-secret-of-this-test,-at-least-32-bytes-long";
const JWT_SECRET = jwtSecret;

test("[P9] credentials are required, and without a secret to check them with nothing is served", () => {
  expect(parseConfig({})).toEqual({ ok: false, error: [expect.stringMatching(/^JWT_SECRET: missing/)] });
  expect(parseConfig({ AUTH_MODE: "required", JWT_SECRET: " " })).toMatchObject({ ok: false });
  expect(parseConfig({ AUTH_MODE: "off" })).toMatchObject({ ok: true, value: { access: { authMode: "off" } } });
});

test("[P4] several secrets, with spaces between; each long enough", () => {
  const secrets = [jwtSecret, jwtSecret.toUpperCase()];
  expect(parseConfig({ JWT_SECRET: secrets.join(" ") })).toMatchObject({ value: { access: { jwtSecrets: secrets } } });
  const short = parseConfig({ JWT_SECRET: `${jwtSecret} hunter2` });
  expect(short).toEqual({ ok: false, error: ["JWT_SECRET: at least 32 bytes each"] });
});

test("[P8] origins are given as browsers send them", () => {
  const ALLOWED_ORIGINS = "https://app.test http://localhost:3000,*";
  const allowedOrigins = ["https://app.test", "http://localhost:3000", "*"];
  expect(parseConfig({ JWT_SECRET, ALLOWED_ORIGINS })).toMatchObject({ value: { access: { allowedOrigins } } });
});

test.each([
  "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
  "moz-extension://0b2bd2a0-5d5d-4d6d-9d0e-111111111111",
  "safari-web-extension://0B2BD2A0-5D5D-4D6D-9D0E-111111111111",
  "tauri://localhost",
  "capacitor://localhost",
  "ionic://localhost:8100",
  "app://.",
])("[P8] %s is an origin, to the letter", (origin) => {
  expect(parseConfig({ JWT_SECRET, ALLOWED_ORIGINS: origin })).toMatchObject({
    value: { access: { allowedOrigins: [origin] } },
  });
});

test.each([
  ["https://app.test/", "https://app.test"],
  ["HTTPS://App.Test", "https://app.test"],
  ["https://app.test:443", "https://app.test"],
  ["http://app.test:80/", "http://app.test"],
  ["https://bücher.test", "https://xn--bcher-kva.test"],
  ["Tauri://localhost/", "tauri://localhost"],
])("[P8] %s is put as it is sent: %s", (given, origin) => {
  expect(parseConfig({ JWT_SECRET, ALLOWED_ORIGINS: given })).toMatchObject({
    value: { access: { allowedOrigins: [origin] } },
  });
});

test.each([
  ["app.test", "no scheme"],
  ["localhost:3000", "no scheme"],
  ["https://app.test/x", "a path"],
  ["https://app.test?x", "a path"],
  ["https://*.app.test", "alone"],
  ["https://ada@app.test", "user name"],
  ["https://app.test:99999", "host or port"],
  ["wss://app.test", "no page has its scheme"],
  ["file:///", "no host"],
  ["null", "sandboxed"],
])("[P8] %s is no origin, and is named by its place: %s", (wrong, says) => {
  const config = parseConfig({ JWT_SECRET, ALLOWED_ORIGINS: `https://app.test, ${wrong} https://b.test` });
  expect(config).toEqual({
    ok: false,
    error: [expect.stringMatching(new RegExp(`^ALLOWED_ORIGINS: entry 2 is no origin: .*${says}`))],
  });
});

test("[limits] each that can be set takes its least and its most, and no other", () => {
  for (const { name, setBy } of limitRows) {
    if (!setBy) continue;
    const { variable, min, max, isOptional } = setBy;
    const limitOf = (value: string): unknown => {
      const config = parseConfig({ JWT_SECRET, [variable]: value });
      return config.ok ? (config.value.limits as Record<string, unknown>)[name] : "refused";
    };
    const values = [String(min), String(max), String(min - 1), String(max + 1), "1.5", "x", "off"].map(limitOf);
    const refused = ["refused", "refused", "refused", "refused"];
    expect(values).toEqual([min, max, ...refused, isOptional ? null : "refused"]);
  }
});

test("[config] nothing else set", () => {
  expect(parseConfig({ JWT_SECRET })).toEqual({
    ok: true,
    value: {
      access: {
        authMode: "required",
        jwtSecrets: [jwtSecret],
        audience: "roomtone",
        allowedOrigins: [],
        originRequired: false,
      },
      limits: Object.fromEntries(limitRows.flatMap(({ name, value, setBy }) => (setBy ? [[name, value]] : []))),
      resolve: { auto: true, window_chunks: 4, review: false },
      inference: undefined,
      localInference: undefined,
      review: undefined,
      webhooks: {
        url: undefined,
        secrets: [],
        tenantSecretsOnly: false,
        sharedSecret: undefined,
        timeoutMs: 15_000,
        reach: { http: false, loopback: false },
      },
      trackStalledAfterMs: 60_000,
      lifecycle: { retentionDays: null, autoFinalizeAfterMs: 86_400_000 },
    },
  });
});

test("[config] an empty variable is an unset one", () => {
  const empty = { JWT_SECRET, AUTH_MODE: "", INFERENCE_BASE_URL: "", INFERENCE_TIMEOUT_MS: "", INFERENCE_API_KEY: "" };
  expect(parseConfig(empty)).toEqual(parseConfig({ JWT_SECRET }));
});

test("[config] the service beside the gateway can be left out", () => {
  const local = { url: "http://127.0.0.1:9/speaker/resolve", apiKey: undefined, timeoutMs: 15_000 };
  expect(parseConfig({ JWT_SECRET, LOCAL_INFERENCE_URL: "http://127.0.0.1:9/" })).toMatchObject({
    value: { inference: undefined, localInference: local },
  });
  expect(parseConfig({ JWT_SECRET, LOCAL_INFERENCE_URL: "off" })).toMatchObject({
    value: { localInference: undefined },
  });
  expect(parseConfig({ JWT_SECRET, LOCAL_INFERENCE_URL: "nowhere" }).ok).toBe(false);
});

test("[config] a service has defaults for all but its address", () => {
  expect(parseConfig({ JWT_SECRET, INFERENCE_BASE_URL: "https://sv.example" })).toMatchObject({
    value: { inference: { url: "https://sv.example/speaker/resolve", apiKey: undefined, timeoutMs: 15_000 } },
  });
});

test("[config] base URL and path join with one slash, whatever the base ends in", () => {
  for (const base of ["http://sv.test/api", "http://sv.test/api/", "http://sv.test/api//"]) {
    const env = { AUTH_MODE: "off", INFERENCE_BASE_URL: base, INFERENCE_RESOLVE_PATH: "/v2/resolve" };
    expect(parseConfig(env)).toMatchObject({
      value: { access: { authMode: "off" }, inference: { url: "http://sv.test/api/v2/resolve" } },
    });
  }
});

test("[config] bindings and variables of others are ignored", () => {
  expect(parseConfig({ JWT_SECRET, RESULT_BUCKET: {}, PATH: "/bin" })).toEqual(parseConfig({ JWT_SECRET }));
});

function lifecycleOf(env: object): unknown {
  const config = parseConfig({ JWT_SECRET, ...env });
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
  const config = parseConfig({ JWT_SECRET, INFERENCE_BASE_URL: "https://sv.example" });
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
  const config = parseConfig({ JWT_SECRET, [name]: value });
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

test("[P9] what is wrong with a variable is said in words, each by its name", () => {
  const wrong = {
    INFERENCE_BASE_URL: "localhost:9100",
    RESOLVE_AUTO: "yes",
    INFERENCE_TIMEOUT_MS: "5",
    MAX_TRACKS_PER_SESSION: "many",
  };
  const told = parseConfig({ JWT_SECRET, ...wrong });
  expect(told).toEqual({
    ok: false,
    error: [
      "INFERENCE_BASE_URL: must be an address that begins with https:// or http://",
      'RESOLVE_AUTO: must be "on" or "off"',
      "INFERENCE_TIMEOUT_MS: must be at least 100",
      expect.stringMatching(/^MAX_TRACKS_PER_SESSION: must be /),
    ],
  });
});

test.for([
  ["nothing", {}, undefined],
  [
    "the service of resolve",
    { INFERENCE_BASE_URL: "http://a.test/x/", INFERENCE_API_KEY: "k" },
    ["http://a.test/x/speaker/review", "k"],
  ],
  [
    "the one beside the gateway",
    { LOCAL_INFERENCE_URL: "http://127.0.0.1:9/" },
    ["http://127.0.0.1:9/speaker/review", undefined],
  ],
  [
    "another, without the key of the first",
    { INFERENCE_BASE_URL: "http://a.test", INFERENCE_API_KEY: "k", REVIEW_BASE_URL: "http://b.test" },
    ["http://b.test/speaker/review", undefined],
  ],
  ["none, as is said", { INFERENCE_BASE_URL: "http://a.test", REVIEW_BASE_URL: "off" }, undefined],
] as const)("[config] who looks at whole tracks again: %s", ([, variables, expected]) => {
  const config = parseConfig({ JWT_SECRET: jwtSecret, ...variables });
  const review = config.ok ? config.value.review : undefined;
  expect(config.ok).toBe(true);
  expect(review && [review.url, review.apiKey]).toEqual(expected);
});
