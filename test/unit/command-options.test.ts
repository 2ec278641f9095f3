/** What `npm run` commands take: no argument is believed that can't be meant or would do nothing. */
import { describe, expect, test } from "vitest";
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { flag, moment, wholeNumber } from "../../scripts/cli/option-types.ts";
import { parseKeysOptions } from "../../scripts/keys/keys-command.ts";
import { parseRebuildOptions } from "../../scripts/rebuild/rebuild-command.ts";
import { parseEvalOptions } from "../../scripts/speakers/eval/eval-command.ts";
import { parseSwitchOptions } from "../../scripts/switches/switch-command.ts";

describe("an option that would do nothing is refused", () => {
  const parse = defineCommand({
    name: "npm run x --",
    description: "x",
    options: {
      fast: flag,
      gears: wholeNumber(1, 9).meta({ value: "<n>", default: "3", needs: "fast" }),
      brakeHard: flag.meta({ without: ["fast"] }),
    },
  });

  test("without the option that it needs, and beside one that has no use for it", () => {
    expect(parse([])).toEqual({ fast: false, gears: 3, brakeHard: false });
    expect(parse(["--fast", "--gears", "4"])).toEqual({ fast: true, gears: 4, brakeHard: false });
    expect(() => parse(["--gears", "4"])).toThrow("--gears does nothing without --fast; see --help.");
    expect(() => parse(["--fast", "--brake-hard"])).toThrow("--brake-hard does nothing beside --fast; see --help.");
  });

  test.each([
    [
      "an environment, of the local gateway's switches",
      () => parseSwitchOptions(["off", "ingest", "--env", "staging"]),
    ],
    ["an environment, of the local gateway's keys", () => parseKeysOptions(["list", "--env", "production"])],
    ["a folder, of a deployment's keys", () => parseKeysOptions(["list", "--remote", "--state-dir", "/tmp/x"])],
    ["a tenant, where all tenants' sessions are rebuilt", () => parseRebuildOptions(["--tenant", "acme"], {})],
    ["a second look that nobody makes", () => parseEvalOptions(["--review"])],
  ])("%s", (_what, parseIt) => {
    expect(parseIt).toThrow(/^--[a-z-]+ does nothing (without|beside) --[a-z-]+; see --help\.$/);
  });

  test("what is set for all commands in the environment is none of that", () => {
    expect(parseKeysOptions(["list", "--remote"], { STATE_DIR: "/tmp/x" })).toMatchObject({ remote: true });
  });
});

const today = (hours: number, minutes: number, seconds = 0): number => new Date().setHours(hours, minutes, seconds, 0);

describe("a time", () => {
  test("of today, or a date with its time", () => {
    expect(moment.parse("10:04")).toBe(today(10, 4));
    expect(moment.parse("0:00:59")).toBe(today(0, 0, 59));
    expect(moment.parse("2026-11-30T10:04Z")).toBe(Date.UTC(2026, 10, 30, 10, 4));
    expect(moment.parse("2026-11-30T10:04:05.5+02:00")).toBe(Date.UTC(2026, 10, 30, 8, 4, 5, 500));
    expect(moment.parse("2026-11-30T10:04:05")).toBe(new Date(2026, 10, 30, 10, 4, 5).getTime());
  });

  test.each([
    "3",
    "10",
    "1004",
    "25:99",
    "24:00",
    "10:60",
    "2026-11-30",
    "2026-02-30T10:00Z",
    "Nov 30 10:04",
    "yesterday",
    "",
  ])("%j is a guess, and refused", (text) => {
    expect(moment.safeParse(text).error?.issues[0]?.message).toMatch(/^must be a time of today/);
  });
});
