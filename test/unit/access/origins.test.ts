import { expect, test } from "vitest";
import { isAllowedOrigin, isLoopback } from "../../../server/shared/access/origins.ts";

const own = "https://gateway.test/v1/sessions";
const required = { authMode: "required", allowedOrigins: ["https://app.test"] } as const;

const letIn = (origin: string): boolean => isAllowedOrigin(required, origin, own);

test("[P8] its own origin and those that are listed are let in, to the letter", () => {
  expect(["https://gateway.test", "https://app.test"].every(letIn)).toBe(true);
  const others = [
    "http://app.test",
    "https://app.test:444",
    "https://app.test.evil.test",
    "https://xapp.test",
    "https://APP.test",
    "http://gateway.test",
    "http://localhost:3000",
    "null",
    "",
  ];
  expect(others.filter(letIn)).toEqual([]);
});

test("[P8] an extension or app is let in by the text that it sends, and no other of its kind is", () => {
  const allowedOrigins = ["chrome-extension://abc", "tauri://localhost"];
  const isLetIn = (origin: string): boolean => isAllowedOrigin({ ...required, allowedOrigins }, origin, own);
  expect(allowedOrigins.every(isLetIn)).toBe(true);
  expect(["chrome-extension://abd", "tauri://localhost.evil", "app://localhost", "null"].filter(isLetIn)).toEqual([]);
});

test("[P8] * lets all in", () => {
  expect(isAllowedOrigin({ ...required, allowedOrigins: ["*"] }, "https://evil.test", own)).toBe(true);
});

test("[P8] without credentials, pages of this machine are let in and no others", () => {
  const off = { authMode: "off", allowedOrigins: [] } as const;
  const letInHere = (origin: string): boolean => isAllowedOrigin(off, origin, "http://127.0.0.1:8787/v1/sessions");
  expect(["http://127.0.0.1:8787", "http://localhost:3000", "http://[::1]:3000"].every(letInHere)).toBe(true);
  const others = ["https://evil.test", "http://localhost.evil.test", "http://127.0.0.1.evil.test", "null"];
  expect(others.filter(letInHere)).toEqual([]);
});

test.each([
  ["http://localhost:8787/x", true],
  ["http://127.0.0.1/", true],
  ["http://[::1]:8787/", true],
  ["http://0.0.0.0:8787/", false],
  ["http://localhost.evil.test/", false],
  ["http://127.0.0.1.nip.io/", false],
])("[P9] %s is this machine: %s", (url, expected) => {
  expect(isLoopback(url)).toBe(expected);
});
