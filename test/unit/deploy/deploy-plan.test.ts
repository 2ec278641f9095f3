/** What `npm run deploy` does in which order; nothing here has an account. */
import { describe, expect, test } from "vitest";
import { planDeploy, planDryRun, type Step, uploadSizeOf } from "../../../scripts/deploy/deploy-plan.ts";

const nothing = { gateway: false, app: false };
const both = { gateway: true, app: true };
const gatewayOnly = { gateway: true, app: false };
const told = (steps: readonly Step[] | string): string[] =>
  typeof steps === "string" ? [steps] : steps.map(({ config, args }) => `${config}: ${args.join(" ")}`);
const migrate = "gateway: d1 migrations apply DB --remote";
const atOnce = "--durable-objects-code-update-mode immediate";

describe("deploy", () => {
  test("[X1] the first time: the gateway without the app, which can then name it, and again with it", () => {
    expect(told(planDeploy({}, nothing))).toEqual([migrate, "alone: deploy", "app: deploy", "gateway: deploy"]);
  });

  test("[X4] later: the app first, which must understand what rooms send before they send it", () => {
    expect(told(planDeploy({}, both))).toEqual([migrate, "app: deploy", "gateway: deploy"]);
  });

  test("[X1] an app for a gateway that runs alone: the gateway is deployed once more, to know it", () => {
    expect(told(planDeploy({}, gatewayOnly))).toEqual([migrate, "app: deploy", "gateway: deploy"]);
    expect(told(planDeploy({ only: "app" }, gatewayOnly))).toEqual(["app: deploy", "gateway: deploy"]);
  });

  test("one of them: the app touches no room; the gateway keeps the binding that it has", () => {
    expect(told(planDeploy({ only: "app" }, both))).toEqual(["app: deploy"]);
    expect(told(planDeploy({ only: "gateway" }, both))).toEqual([migrate, "gateway: deploy"]);
    expect(told(planDeploy({ only: "gateway" }, nothing))).toEqual([migrate, "alone: deploy"]);
    expect(told(planDeploy({ only: "gateway" }, gatewayOnly))).toEqual([migrate, "alone: deploy"]);
    expect(planDeploy({ only: "app" }, nothing)).toMatch(/no gateway yet/);
  });

  test("rooms wait for their meeting's end, unless it is to be now", () => {
    expect(told(planDeploy({ now: true }, both))).toEqual([migrate, "app: deploy", `gateway: deploy ${atOnce}`]);
    expect(told(planDeploy({}, both)).join()).not.toContain("--durable-objects");
  });
});

describe("a dry run", () => {
  test("sends nothing", () => {
    const steps = planDryRun({}, "/tmp/x");
    expect(steps.map(({ config }) => config)).toEqual(["gateway", "alone", "app"]);
    expect(planDryRun({ only: "app" }, "/tmp/x").map(({ config }) => config)).toEqual(["app"]);
    for (const { args } of steps) expect(args).toContain("--dry-run");
  });

  test("reads the sizes that wrangler prints", () => {
    expect(uploadSizeOf("x\nTotal Upload: 880.91 KiB / gzip: 224.90 KiB\ny")).toEqual({
      uploadKib: 880.91,
      gzipKib: 224.9,
    });
    expect(uploadSizeOf("no sizes")).toBeUndefined();
  });
});
