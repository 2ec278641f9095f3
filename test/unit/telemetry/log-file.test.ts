import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { logFileName, logFolder, openLogFile } from "../../../scripts/local/log-file.ts";
import { readableLog } from "../../../scripts/local/readable-log.ts";

const now = new Date("2026-11-29T10:04:03.000Z");
const folders: string[] = [];
function stateDir(): string {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-log-"));
  folders.push(folder);
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
const linesOf = (dir: string): unknown[] =>
  readFileSync(join(dir, logFolder, logFileName), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);

test("[Z4] the Workers' lines are in the file as JSON with their time, and what is no such line as text", () => {
  const dir = stateDir();
  const file = openLogFile(dir);
  file.add("log", '{"level":"info","event":"cf_request","status":200}', now);
  file.add("error", "Uncaught Error: no\n  at x", now);
  expect(linesOf(dir)).toEqual([
    { at: now.toISOString(), level: "info", event: "cf_request", status: 200 },
    { at: now.toISOString(), level: "error", event: "output", text: "Uncaught Error: no\n  at x" },
  ]);
});

test("[Z4] the files are bounded, however much is logged, also by those who come after", () => {
  const dir = stateDir();
  for (let n = 0; n < 400; n += 1) openLogFile(dir, 1_000).add("info", `{"event":"e","n":${n}}`, now);
  const files = readdirSync(join(dir, logFolder)).toSorted();
  expect(files).toEqual([logFileName, `${logFileName}.1`, `${logFileName}.2`, `${logFileName}.3`]);
  for (const name of files) expect(statSync(join(dir, logFolder, name)).size).toBeLessThanOrEqual(1_000);
  expect(linesOf(dir).at(-1)).toMatchObject({ n: 399 });
});

test("[Z4] a place that takes nothing costs the lines, whose number is told once it does again", () => {
  const dir = stateDir();
  writeFileSync(join(dir, logFolder), "a file where the folder should be");
  const file = openLogFile(dir);
  for (let n = 0; n < 3; n += 1) file.add("info", '{"event":"e"}', now);
  rmSync(join(dir, logFolder));
  file.add("info", '{"event":"after"}', now);
  expect(linesOf(dir)).toMatchObject([{ event: "log.lines_lost", lines: 3 }, { event: "after" }]);
});

test("[Z4] a terminal shows what went well to those who ask, and no JSON at all", () => {
  const line = { level: "log", message: '{"level":"info","event":"cf_request","status":200}' };
  const options = { now, isColoured: false, withStacks: false };
  expect(readableLog(line, options)).toBeUndefined();
  expect(readableLog(line, { ...options, withInfo: true })).toMatch(/^\d\d:\d\d:\d\d info cf_request status=200$/);
});

test("[Z4] what workerd tells its own developers is for those who ask, too", () => {
  const line = { level: "warn", message: "NOSENTRY SQLite alarm overdue; actorId = 57ad" };
  const options = { now, isColoured: false, withStacks: false };
  expect(readableLog(line, options)).toBeUndefined();
  expect(readableLog(line, { ...options, withInfo: true })).toContain("NOSENTRY SQLite alarm overdue");
});
