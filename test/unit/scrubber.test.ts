/** Many deletions at once make the index's file anew a few times, not once each: while that is done nobody's key can be read. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openScrubber, type Scrubber } from "../../scripts/local/scrubber.ts";

const objects = ["a", "b", "c", "d"].map((letter) => letter.repeat(64));
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function stateWith(rooms: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-scrub-"));
  folders.push(folder);
  const kinds = [
    ["do/roomtone-MeetingSessionDO", rooms],
    ["d1/miniflare-D1DatabaseObject", ["index"]],
  ] as const;
  for (const [path, names] of kinds) {
    mkdirSync(join(folder, "v3", path), { recursive: true });
    for (const name of names) writeFileSync(join(folder, "v3", path, `${name}.sqlite`), "");
  }
  return folder;
}

const ask = async (scrub: Scrubber, object: string): Promise<number> =>
  (await scrub({ method: "POST", url: `http://state/scrub/${object}?room=t/s` })).status;

test("[I8] deletions that come while the index's file is made anew share the next time; rooms are done one after the other", async () => {
  const runs: string[] = [];
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let [atOnce, mostAtOnce] = [0, 0];
  const scrubRoom = async (): Promise<number> => {
    mostAtOnce = Math.max(mostAtOnce, (atOnce += 1));
    await new Promise(setImmediate);
    atOnce -= 1;
    return 1;
  };
  const scrubIndex = async (): Promise<number> => {
    begun.resolve();
    await end.promise;
    return 1;
  };
  const scrub = openScrubber(
    stateWith(objects),
    ([file = ""]) => {
      const name = basename(file, ".sqlite");
      runs.push(name);
      return name === "index" ? scrubIndex() : scrubRoom();
    },
    0,
  );
  const [first = "", ...others] = objects;
  const asked = [ask(scrub, first)];
  await begun.promise;
  asked.push(...others.map((object) => ask(scrub, object)));
  end.resolve();
  expect(await Promise.all(asked)).toEqual(objects.map(() => 204));
  expect(runs.filter((name) => name !== "index")).toEqual(objects);
  expect(runs.filter((name) => name === "index")).toHaveLength(2);
  expect(mostAtOnce).toBe(1);
});

test("[I8] a file that can't be made anew is no receipt, and the next deletion is tried by itself", async () => {
  let fails = true;
  const scrub = openScrubber(
    stateWith(objects),
    () => (fails ? Promise.reject(new Error("the write-ahead log is being read")) : Promise.resolve(1)),
    0,
  );
  expect(await ask(scrub, objects[0] ?? "")).toBe(503);
  fails = false;
  expect(await ask(scrub, objects[1] ?? "")).toBe(204);
});
