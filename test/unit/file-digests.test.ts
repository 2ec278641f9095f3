/** What a start takes for unchanged, and reads no more. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { openDigests } from "../../scripts/local/file-digests.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const later = (): number => Date.now() + 60_000;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
let folder = "";
let kept = "";
let source = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roomtone-digests-"));
  const made = folder;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  kept = join(folder, "digests.json");
  source = join(folder, "source.ts");
  writeFileSync(source, "one");
});
const digest = (now: () => number = later): string | null => {
  const digests = openDigests(kept, now);
  const found = digests.of(relative(root, source));
  digests.save();
  return found;
};

test("a file is what it holds, whether it was read before or not; one that is none is null", () => {
  expect([digest(), digest()]).toEqual([sha256("one"), sha256("one")]);
  rmSync(source);
  expect(digest()).toBeNull();
});

test("what is as it was is not read again", () => {
  digest();
  writeFileSync(kept, readFileSync(kept, "utf8").replace(sha256("one"), sha256("as it was kept")));
  expect(digest()).toBe(sha256("as it was kept"));
});

test("other bytes of the same length are seen, though the file's time was set back", () => {
  digest();
  const { atime, mtime } = statSync(source);
  writeFileSync(source, "two");
  utimesSync(source, atime, mtime);
  expect(digest()).toBe(sha256("two"));
});

test("a file that was just written is read each time: another write in the same tick would not show", () => {
  expect(digest(Date.now)).toBe(sha256("one"));
  expect(readFileSync(kept, "utf8")).not.toContain(sha256("one"));
});

test("without what was kept, or with something else there, everything is read", () => {
  for (const text of ["", "{", "[]", '{"a":1}']) {
    writeFileSync(kept, text);
    expect(digest()).toBe(sha256("one"));
  }
});
