/** A profile's time belongs to the function on top of the stack, and to each below it once. */
import { expect, test } from "vitest";
import { filesOfBundle, sharesOf, timeOfOwners } from "../../scripts/profile/cpu-profile.ts";

const frame = (functionName: string, lineNumber = 0) => ({
  functionName,
  scriptId: "1",
  url: "bundle.js",
  lineNumber,
  columnNumber: 0,
});

test("self and whole time of each function, by the file that the bundle's comments name", () => {
  const fileAt = filesOfBundle("// server/a.ts\nf\ng\n// node_modules/@x/y/b.js\nh\n// a comment\ni");
  const profile = {
    nodes: [
      { id: 1, callFrame: frame("(root)"), children: [2] },
      { id: 2, callFrame: frame("f", 1), children: [3] },
      // Calls itself: its time counts once.
      { id: 3, callFrame: frame("f", 1), children: [4] },
      { id: 4, callFrame: frame("h", 6) },
    ],
    startTime: 0,
    endTime: 6_000,
    samples: [2, 4, 3],
    timeDeltas: [1_000, 2_000, 3_000],
  };
  expect(sharesOf(profile, (_, line) => fileAt(line))).toEqual([
    { name: "f server/a.ts", selfMs: 4, allMs: 6 },
    { name: "h node_modules/@x/y/b.js", selfMs: 2, allMs: 2 },
  ]);
  const owned = (...folders: string[]): object =>
    Object.fromEntries(
      timeOfOwners(
        profile,
        (_, line) => fileAt(line),
        (file) => folders.find((folder) => file.startsWith(folder)),
      ),
    );
  expect(owned("server/")).toEqual({ "server/": 6 });
  // What an owner runs of another's is the other's.
  expect(owned("server/", "node_modules/")).toEqual({ "server/": 4, "node_modules/": 2 });
  expect(owned("client/")).toEqual({});
});
