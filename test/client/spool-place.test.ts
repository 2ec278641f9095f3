/** Where the command keeps what is not acked yet. */
import { expect, test } from "vitest";
import { spoolPlace } from "../../client/cli/spool-place.ts";

const nothing = (): boolean => false;

function place(url: string, env: NodeJS.ProcessEnv = {}, platform: NodeJS.Platform = "linux"): string {
  return spoolPlace(url, "monday", { env, platform, home: "/home/ada", exists: nothing }).replaceAll("\\", "/");
}

test("[C9] below the home, whatever the working directory is, where the system wants a program's state", () => {
  const url = "https://example.com";
  expect(place(url)).toBe("/home/ada/.local/state/roomtone/spool/https_example.com");
  expect(place(url, { XDG_STATE_HOME: "/state" })).toBe("/state/roomtone/spool/https_example.com");
  expect(place(url, { XDG_STATE_HOME: "" })).toContain("/home/ada/.local/state/");
  expect(place(url, {}, "darwin")).toContain("/home/ada/Library/Application Support/roomtone/");
  expect(place(url, { LOCALAPPDATA: "/local" }, "win32")).toContain("/local/roomtone/");
  expect(place(url, {}, "win32")).toContain("/home/ada/AppData/Local/roomtone/");
});

test("[C9] one for each gateway, by whatever spelling of its address", () => {
  const [first, ...others] = ["http://localhost:8787/", "ws://127.0.0.1:8787", "http://[::1]:8787"].map((url) =>
    place(url),
  );
  expect(new Set(others)).toEqual(new Set([first]));
  const all = ["http://127.0.0.1:8787", "http://127.0.0.1:8788", "https://a.example", "https://a.example/rooms"];
  expect(new Set(all.map((url) => place(url))).size).toBe(4);
});

test("[C9] a spool that an earlier version left in the working directory is gone on with", () => {
  const surroundings = { env: {}, platform: "linux", home: "/home/ada" } as const;
  const asked: string[] = [];
  const exists = (path: string): boolean => asked.push(path) > 0;
  expect(spoolPlace("https://example.com", "monday", { ...surroundings, exists })).toBe(".roomtone/spool");
  expect(asked).toEqual([".roomtone/spool/monday"]);
});
