import { expect, test } from "vitest";
import { hideSecretsOf, redact } from "../../../server/shared/telemetry/redact.ts";

const key = `rt_abcdefghij12_${"x".repeat(43)}`;
const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl";

test.each([
  ["a key of ours", `no such key ${key}`, key],
  ["a token", `bad token ${jwt}`, jwt],
  ["a token in an address", `GET https://h/x?token=${jwt}&a=1`, jwt],
  ["a subprotocol", `offered bearer.${jwt}, roomtone.v1.json`, jwt],
  ["a header", "authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"],
  ["a header as JSON", '{"x-api-key":"plain-and-short"}', "plain-and-short"],
  ["a bearer that is no JWT", "Authorization: Bearer s3cret-value", "s3cret-value"],
  ["a provider's key", "401 for sk-proj-abcdefgh12345678", "sk-proj-abcdefgh12345678"],
  ["another provider's key", "key AIzaSyA1234567890abc is not valid", "AIzaSyA1234567890abc"],
  ["a key in an address", "https://api.example/v1?key=s3cret-value", "s3cret-value"],
  ["a password in an address", "connect https://me:s3cret@db.example/x", "s3cret"],
  ["a webhook's secret", "signed with whsec_cm9vbXRvbmU=", "whsec_cm9vbXRvbmU="],
  ["a cookie", "cookie: session=s3cret-value", "s3cret-value"],
])("[Z2] %s is taken out of a line, and the rest stays", (_, text, secret) => {
  const told = redact(text);
  expect(told).not.toContain(secret);
  expect(told).toContain("[hidden]");
});

test("[Z2] the values of the deployment's own secrets are taken out whatever they look like; short ones and other variables are not", () => {
  hideSecretsOf({
    JWT_SECRET: "plain words, as it were",
    MY_API_KEY: "first-one second-one",
    PORT_KEY: "80",
    NAME: "visible-name",
  });
  expect(redact("bad: plain words, as it were; second-one; 80; visible-name")).toBe(
    "bad: [hidden]; [hidden]; 80; visible-name",
  );
});

test("[Z2] a field is at most 1,000 characters", () => {
  expect(redact("a".repeat(5_000)).length).toBeLessThan(1_010);
});

test("[Z2] what is no secret stays as it is", () => {
  for (const text of [
    "http.failed",
    "TypeError: x is not a function",
    "sessions/m1/chunks/00000001.pcm",
    "key:abc12345",
  ]) {
    expect(redact(text)).toBe(text);
  }
});
