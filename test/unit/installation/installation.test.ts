/** The table of the installation against what else names its parts: configurations, the Workers' types, documents. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bindingTable, variableTable } from "../../../server/shared/config/installation/table.ts";
import { environmentCheck, nameIssues } from "../../../server/shared/config/installation/check-environment.ts";
import { allVariables } from "../../../server/shared/config/config.ts";
import { parseEnv } from "node:util";
import { bindingsDocument, envExample } from "../../../scripts/deploy/installation/documents.ts";
import {
  bindingsOf,
  configPaths,
  environmentNames,
  environmentOf,
  observabilityIn,
  readConfiguration,
} from "../../../scripts/deploy/installation/environments.ts";
import { parseConfig } from "../../../server/shared/config/config.ts";

const workers = ["gateway", "app"] as const;
const configurations = { gateway: readConfiguration("gateway"), app: readConfiguration("app") };
const envFiles = { gateway: "server/gateway/env.ts", app: "server/app/env.ts" };
const shape = (one: { name: string; kind: string; target?: string }) => `${one.name}: ${one.kind} ${one.target ?? ""}`;
const each = workers.flatMap((worker) => environmentNames.map((name) => ({ worker, name })));

test.for(each)("bindings of the $worker in $name are the table's", ({ worker, name }) => {
  const wanted = bindingTable.filter((row) => row.worker === worker);
  const bound = bindingsOf(configurations[worker], name);
  expect(bound.map(shape).toSorted()).toEqual(wanted.map(shape).toSorted());
});

test.for(workers)("the type of the %s's environment has the table's bindings, and those of a local run", (worker) => {
  const text = readFileSync(envFiles[worker], "utf8");
  const body = /export interface Env .*?\{\n(.*?)\n\}/s.exec(text)?.[1] ?? "";
  const typed = [...body.matchAll(/^ {2}readonly ([A-Z_]+)(\??):/gm)].map(([, name]) => name ?? "");
  const local = worker === "gateway" ? ["BUILD_ID", "LOCAL_STATE"] : ["LOCAL_STATE"];
  const wanted = bindingTable.filter((row) => row.worker === worker).map(({ name }) => name);
  expect(typed.toSorted()).toEqual([...wanted, ...local].toSorted());
});

test.for(each)(
  "[Z2] what Cloudflare keeps of a request of the $worker in $name is without its query",
  ({ worker, name }) => {
    expect(observabilityIn(worker, name)).toEqual({ enabled: true, redact_query_string: true });
  },
);

test("environments share nothing, and each Worker names the other of its own environment", () => {
  const resources = each.flatMap(({ worker, name }) => [
    environmentOf(configurations[worker], name).name,
    ...bindingsOf(configurations[worker], name)
      .filter(({ kind }) => kind === "R2 bucket" || kind === "KV namespace")
      .map(({ resource }) => resource ?? ""),
  ]);
  expect(new Set(resources).size).toBe(resources.length);
  for (const name of environmentNames) {
    const gateway = environmentOf(configurations.gateway, name);
    const app = environmentOf(configurations.app, name);
    expect(gateway.services.map(({ service }) => service)).toEqual([app.name]);
    expect(app.services.map(({ service }) => service)).toEqual([gateway.name]);
    expect(app.d1_databases[0]?.database_name).toBe(gateway.d1_databases[0]?.database_name);
    expect(gateway.durable_objects.code_update_strategy).toEqual({ mode: "deferred", max_delay: 86_400 });
  }
  const databases = environmentNames.map(
    (name) => environmentOf(configurations.app, name).d1_databases[0]?.database_name,
  );
  expect(new Set(databases).size).toBe(databases.length);
});

test("production keeps the names from before there were environments: other ones would be an empty installation", () => {
  const { gateway, app } = configurations;
  const names = [gateway, app].map((config) => environmentOf(config, "production").name);
  expect(names).toEqual(["roomtone", "roomtone-app"]);
  expect(bindingsOf(gateway, "production").map(({ resource }) => resource)).toEqual(
    expect.arrayContaining(["interview-feedback-results", "roomtone", "roomtone-app"]),
  );
});

test.for(each)("variables of the $worker in $name are ones that it reads, and no secrets", ({ worker, name }) => {
  const { vars } = environmentOf(configurations[worker], name);
  const plain = variableTable.filter((row) => row.workers.includes(worker) && !row.isSecret).map((row) => row.name);
  expect(plain).toEqual(expect.arrayContaining(Object.keys(vars)));
});

test("the table has every variable, and what its meaning calls a secret is one", () => {
  expect(variableTable.map(({ name }) => name)).toEqual(Object.keys(allVariables));
  const called = variableTable.filter(({ meaning }) => /\bA secret\b/.test(meaning)).map(({ name }) => name);
  expect(variableTable.filter(({ isSecret }) => isSecret).map(({ name }) => name)).toEqual(called);
  expect(called.length).toBeGreaterThan(5);
});

describe("documents", () => {
  test("name every binding and variable, in the generated form", () => {
    expect(readFileSync("docs/cloudflare-bindings.md", "utf8")).toBe(bindingsDocument);
    const named = [...bindingTable, ...variableTable]
      .map(({ name }) => name)
      .filter((name) => name !== "LOCAL_RUNTIME");
    expect(named.filter((name) => !bindingsDocument.includes(`| \`${name}\` |`))).toEqual([]);
  });

  test("the example of .env is read as it stands, and as it is with every line taken in", () => {
    expect(readFileSync(".env.example", "utf8")).toBe(envExample);
    expect(parseEnv(envExample)).toEqual({});
    const given = parseEnv(envExample.replace(/^#([A-Z_]+=)/gm, "$1"));
    const names = Object.keys(allVariables).filter((name) => name !== "LOCAL_RUNTIME");
    expect(Object.keys(given).toSorted()).toEqual([...names, "HOST", "PORT", "STATE_DIR"].toSorted());
    expect(parseConfig({ ...given, AUTH_MODE: "off" })).toMatchObject({ ok: true });
  });
});

describe("names in a Worker's environment", () => {
  const whole = Object.fromEntries(
    bindingTable.filter(({ worker }) => worker === "gateway").map(({ name }) => [name, {}]),
  );

  test("one that is right has no issue, whatever is optional", () => {
    const { APP: _, CF_VERSION_METADATA: __, ...least } = whole;
    expect(nameIssues({ ...least, JWT_SECRET: "x", BUILD_ID: "y" }, "gateway")).toEqual([]);
  });

  test("misspelt, of the other Worker, unknown, missing: each with what to do", () => {
    const { RESULT_BUCKET: _, ...env } = whole;
    const issues = nameIssues({ ...env, JWT_SECERT: "x", TTS_MODEL: "y", COLOUR: "red", EMPTY: "" }, "gateway");
    expect(issues.map(({ event, name, hint }) => `${event} ${name}: ${hint}`)).toEqual([
      "config.binding_missing RESULT_BUCKET: R2 bucket: docs/cloudflare-bindings.md",
      "config.variable_unknown COLOUR: the variables are in docs/reference.md",
      "config.variable_unknown JWT_SECERT: did you mean JWT_SECRET?",
      "config.variable_unknown TTS_MODEL: a variable of the app: set it there",
    ]);
  });

  test("is said once, and never with a value", () => {
    const lines: string[] = [];
    const note = (event: string, fields?: object) => void lines.push(`${event} ${JSON.stringify(fields)}`);
    const check = environmentCheck("gateway", { warn: note, error: note });
    const env = { ...whole, JWT_SECERT: "hunter2" };
    check(env);
    check(env);
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain("hunter2");
  });
});

test("both configurations are where the scripts look for them", () => {
  expect(Object.values(configPaths).filter((path) => !existsSync(path))).toEqual([]);
});
