/** A deploy against an account that records what is done to it, and fails at any step. */
import { describe, expect, test } from "vitest";
import { tagOf, versionBefore } from "../../../scripts/deploy/account.ts";
import { type DeployOptions, runDeploy } from "../../../scripts/deploy/deploy-run.ts";
import { newestMigration } from "../../../scripts/deploy/preflight.ts";
import { runRollback } from "../../../scripts/deploy/rollback-run.ts";
import { effectiveConfig } from "../../../scripts/deploy/wrangler-process.ts";
import { FakeAccount } from "./fake-account.ts";

const url = "https://roomtone.example.com/";
const plain: DeployOptions = { environment: "staging", url, percent: 100, holdMinutes: 0, smoke: true };
const first = { ...plain, url: undefined };
/** Of the newest migration in each Worker's own configuration. */
const [appTag, gatewayTag] = [tagOf(newestMigration("app")), tagOf(newestMigration("gateway"))];

describe("the first time", () => {
  test("makes bucket, database and cache, sends the secret before the app needs the gateway, and tries it", async () => {
    const account = new FakeAccount();
    await runDeploy(first, account.tools);
    expect(account.changes.map((call) => call.replace(/ --tag classes-v\d+/, ""))).toEqual([
      "gateway: r2 bucket create interview-feedback-results-staging",
      "gateway: r2 bucket create roomtone-knowledge-staging",
      "gateway: d1 create roomtone-staging",
      "gateway: kv namespace create roomtone-cache-staging",
      "gateway: d1 migrations apply DB --remote",
      "alone: deploy",
      "gateway: secret bulk",
      "app: deploy",
      "gateway: deploy",
    ]);
    expect(account.smoked).toEqual(["https://roomtone.example.workers.dev"]);
  });

  test("a secret is in no argument and in no line", async () => {
    const account = new FakeAccount();
    await runDeploy(first, account.tools);
    expect(account.inputs).toEqual(['{"JWT_SECRET":"typed-JWT_SECRET"}']);
    expect([...account.calls, ...account.printed].join("\n")).not.toContain("typed-");
  });
});

describe("later", () => {
  test("makes nothing again: run twice, it does the same", async () => {
    const account = FakeAccount.installed();
    await runDeploy(plain, account.tools);
    await runDeploy(plain, account.tools);
    const once = [
      "gateway: d1 migrations apply DB --remote",
      `app: deploy --tag ${appTag}`,
      `gateway: deploy --tag ${gatewayTag}`,
    ];
    expect(account.changes).toEqual([...once, ...once]);
  });

  test("a part of the requests first, tried, then all", async () => {
    const account = FakeAccount.installed();
    const [app, gateway] = [account.running("app"), account.running("gateway")].map((one) => one.split("@")[0]);
    await runDeploy({ ...plain, percent: 10, holdMinutes: 5 }, account.tools);
    expect(account.changes).toEqual([
      "gateway: d1 migrations apply DB --remote",
      `app: versions upload --tag ${appTag}`,
      `app: versions deploy 00000000-a003@10% ${app}@90% --yes`,
      "app: versions deploy 00000000-a003@100% --yes",
      `gateway: versions upload --tag ${gatewayTag}`,
      `gateway: versions deploy 00000000-b004@10% ${gateway}@90% --yes`,
      "gateway: versions deploy 00000000-b004@100% --yes",
    ]);
    expect(account.smoked).toHaveLength(3);
    expect(account.printed.filter((line) => line === "waited 300000 ms")).toHaveLength(2);
  });

  test("classes of Durable Objects that change, or a version that says none, go all at once", async () => {
    const account = FakeAccount.installed();
    account.deploy("gateway", "classes-v1");
    account.deploy("app", undefined);
    await runDeploy({ ...plain, percent: 10 }, account.tools);
    expect(account.changes.slice(1)).toEqual([`app: deploy --tag ${appTag}`, `gateway: deploy --tag ${gatewayTag}`]);
    expect(account.printed.join("\n")).toContain("all at once, since its classes");
  });

  test("--now: all at once, and live connections are cut", async () => {
    const account = FakeAccount.installed();
    await runDeploy({ ...plain, percent: 10, now: true }, account.tools);
    expect(account.changes.at(-1)).toBe(
      `gateway: deploy --durable-objects-code-update-mode immediate --tag ${gatewayTag}`,
    );
  });
});

describe("before anything is changed", () => {
  const refusals: readonly [string, (account: FakeAccount) => void, RegExp, Partial<DeployOptions>?][] = [
    ["nobody is logged in", (one) => void (one.isLoggedIn = false), /wrangler login/],
    ["the account has no R2", (one) => void (one.hasR2 = false), /enable it in Cloudflare's dashboard/],
    ["wrangler can't list", (one) => void (one.failsAt = "gateway: d1 list"), /d1 list --json failed: A request/],
    [
      "a rollout is under way",
      (one) =>
        void one.deployments.app.push([
          ["x", 10],
          ["y", 90],
        ]),
      /rollout of roomtone-app-staging/,
    ],
    ["no address to try", () => undefined, /--url/, { url: undefined }],
  ];
  test.for(refusals)("%s: it says so, and nothing is done", async ([, change, words, options]) => {
    const account = FakeAccount.installed();
    change(account);
    await expect(runDeploy({ ...plain, ...options }, account.tools)).rejects.toThrow(words);
    expect(account.changes).toEqual([]);
  });
});

describe("what fails", () => {
  test("in the trial: both go back to what ran, the gateway first", async () => {
    const account = FakeAccount.installed();
    const before = [account.running("gateway"), account.running("app")];
    account.smokeFails = true;
    await expect(runDeploy(plain, account.tools)).rejects.toThrow(/Not deployed: .*no ack came/);
    expect([account.running("gateway"), account.running("app")]).toEqual(before);
    expect(account.changes.slice(-2).map((call) => call.split(" ").slice(0, 2).join(" "))).toEqual([
      "gateway: rollback",
      "app: rollback",
    ]);
    expect(account.changes.at(-2)).toContain("--durable-objects-code-update-mode immediate");
  });

  test("in the trial at ten percent: the app goes back, and the gateway was never touched", async () => {
    const account = FakeAccount.installed();
    const before = [account.running("gateway"), account.running("app")];
    account.smokeFails = true;
    await expect(runDeploy({ ...plain, percent: 10 }, account.tools)).rejects.toThrow(/no ack came/);
    expect([account.running("gateway"), account.running("app")]).toEqual(before);
    expect(account.changes.filter((call) => call.startsWith("gateway: versions"))).toEqual([]);
  });

  const steps = [
    "gateway: d1 migrations",
    "app: versions upload",
    "app: versions deploy",
    "gateway: versions upload",
    "gateway: versions deploy",
  ];
  test.for(steps)("%s: what ran before runs", async (step) => {
    const account = FakeAccount.installed();
    const before = [account.running("gateway"), account.running("app")];
    account.failsAt = step;
    await expect(runDeploy({ ...plain, percent: 50 }, account.tools)).rejects.toThrow(/Not deployed/);
    expect([account.running("gateway"), account.running("app")]).toEqual(before);
  });

  const firstSteps = [
    "gateway: r2 bucket create",
    "gateway: d1 create",
    "gateway: kv namespace create",
    "gateway: d1 migrations",
    "alone: deploy",
    "gateway: secret bulk",
    "app: deploy",
    "gateway: deploy",
  ];
  test.for(firstSteps)("%s of a first deploy: run again, it goes on to the end", async (step) => {
    const account = new FakeAccount();
    account.failsAt = step;
    await expect(runDeploy(first, account.tools)).rejects.toThrow(/failed/);
    await runDeploy(plain, account.tools);
    expect([account.buckets, account.databases, account.caches].map((all) => all.length)).toEqual([2, 1, 1]);
    expect(account.secrets).toContain("JWT_SECRET");
    expect(account.running("app")).toMatch(/@100$/);
    expect(account.smoked).toHaveLength(1);
  });
});

describe("roll-back by hand", () => {
  test("says from where to where, the gateway first, and tries it", async () => {
    const account = FakeAccount.installed();
    const before = [account.running("gateway"), account.running("app")];
    await runDeploy(plain, account.tools);
    account.smoked.length = 0;
    await runRollback({ url, smoke: true }, account.tools);
    expect([account.running("gateway"), account.running("app")]).toEqual(before);
    expect(account.printed.join("\n")).toMatch(/The gateway: from .* to .*\nThe app: from .* to /);
    expect(account.smoked).toEqual([url]);
  });

  test("out of a rollout that is under way: to what ran alone before", async () => {
    const account = FakeAccount.installed();
    const before = account.running("gateway");
    account.deployments.gateway.push([
      ["00000000-b999", 10],
      [before.split("@")[0] ?? "", 90],
    ]);
    await runRollback({ only: "gateway", smoke: false }, account.tools);
    expect(account.running("gateway")).toBe(before);
  });

  test("of one alone, and of nothing", async () => {
    const account = FakeAccount.installed();
    account.deploy("app", appTag);
    await runRollback({ only: "app", smoke: false }, account.tools);
    expect(account.changes).toHaveLength(1);
    await expect(runRollback({ smoke: false }, new FakeAccount().tools)).rejects.toThrow(/nothing to roll back/);
    expect(versionBefore([["a"], ["a"], ["b", "a"], ["b"]])).toBe("b");
  });
});

test("the configuration that wrangler gets: ids of the environment's own, and no app for a gateway alone", () => {
  const raw = {
    name: "x-development",
    d1_databases: [{ binding: "DB" }],
    services: [1],
    env: { staging: { d1_databases: [{ binding: "DB" }], kv_namespaces: [{ binding: "CACHE" }], services: [2] } },
  };
  const ids = { database: "d", cache: "c" };
  expect(effectiveConfig(raw, "alone", { environment: "staging", ids })).toEqual({
    ...raw,
    env: {
      staging: { d1_databases: [{ binding: "DB", database_id: "d" }], kv_namespaces: [{ binding: "CACHE", id: "c" }] },
    },
  });
  expect(effectiveConfig(raw, "gateway", { environment: "development", ids })).toMatchObject({
    services: [1],
    d1_databases: [{ binding: "DB", database_id: "d" }],
  });
});
