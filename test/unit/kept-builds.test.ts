/** Builds that lie on the disk for starts to come: which of them go. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keptBuilds, noteUsed } from "../../scripts/local/kept-builds.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "builds-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function made(name: string, hoursAgo: number): void {
  const at = new Date(Date.now() - hoursAgo * 3_600_000);
  mkdirSync(join(folder, name));
  utimesSync(join(folder, name), at, at);
}

test("the four that were used last stay, however long ago they were made", () => {
  for (const [name, hours] of [
    ["a", 9],
    ["b", 8],
    ["c", 7],
    ["d", 6],
    ["e", 5],
  ] as const)
    made(name, hours);
  expect(noteUsed(join(folder, "a"))).toBe(true);
  expect(keptBuilds(folder).map((path) => basename(path))).toEqual(["a", "e", "d", "c"]);
  expect(readdirSync(folder).toSorted((a, b) => a.localeCompare(b))).toEqual(["a", "c", "d", "e"]);
  expect(noteUsed(join(folder, "b"))).toBe(false);
});

test("what a kill left half made goes after an hour, and what is being made stays", () => {
  made("making-old", 2);
  made("making-now", 0.1);
  made("whole", 99);
  expect(keptBuilds(folder).map((path) => basename(path))).toEqual(["whole"]);
  expect(readdirSync(folder).toSorted((a, b) => a.localeCompare(b))).toEqual(["making-now", "whole"]);
});

test("where nothing was ever built there is nothing", () => {
  expect(keptBuilds(join(folder, "none"))).toEqual([]);
});
