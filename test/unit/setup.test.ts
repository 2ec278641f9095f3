/** `npm run setup`: nothing is installed twice, since that would delete what a running gateway needs; and nothing is believed to be there. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/setup.mjs", import.meta.url));
const zod = { version: "4.6.7", integrity: "sha512-a" };
const fsevents = { version: "2.3.3", integrity: "sha512-b", optional: true };
const locked = {
  "": { name: "roomtone" },
  client: { name: "@roomtone/client" },
  "node_modules/@roomtone/client": { resolved: "client", link: true },
  "node_modules/zod": zod,
  "node_modules/fsevents": fsevents,
};
const { "": _root, "node_modules/fsevents": _other, ...installed } = locked;

/** @returns whether it installs, with a `npm` that only says that it was called. */
function installs(lock: object | string | undefined): boolean {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-setup-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages: locked }));
  mkdirSync(join(folder, "node_modules"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "npm"), '#!/bin/sh\necho "called: $*"\n');
  chmodSync(join(folder, "bin", "npm"), 0o755);
  const text = typeof lock === "object" ? JSON.stringify({ packages: lock }) : lock;
  if (text !== undefined) writeFileSync(join(folder, "node_modules", ".package-lock.json"), text);
  const env = { ...process.env, PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"] ?? ""}` };
  const said = execFileSync(process.execPath, [script], { cwd: folder, env, encoding: "utf8" });
  expect(said).toMatch(
    /^(Installing what package-lock\.json names: .+\.\ncalled: ci|All that package-lock\.json names is installed\.)\n$/,
  );
  return said.startsWith("Installing");
}

test("what is installed is not installed again, and what another machine needs is not missed", () => {
  expect(installs(installed)).toBe(false);
  expect(installs({ ...installed, "node_modules/fsevents": fsevents })).toBe(false);
});

test.for<readonly [string, object | string | undefined]>([
  ["nothing", undefined],
  ["an install that was cut off", '{"packages": {"node_modules/zo'],
  ["one without packages", "{}"],
  ["a package less", { ...installed, "node_modules/zod": undefined }],
  ["another version", { ...installed, "node_modules/zod": { ...zod, version: "4.6.6" } }],
  ["the same version of other bytes", { ...installed, "node_modules/zod": { ...zod, integrity: "sha512-c" } }],
  ["a copy in place of a workspace", { ...installed, "node_modules/@roomtone/client": { version: "0.1.0" } }],
])("%s is not what the lock names: it is installed", ([, lock]) => {
  expect(installs(lock)).toBe(true);
});
