import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { docsPolicy, writeContractAssets } from "../../../scripts/contract/docs-page.ts";
import { asyncapi, openapi } from "./documents.ts";

let folder: string;
const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomtone-docs-"));
  await writeContractAssets(folder);
});
afterAll(() => rm(folder, { recursive: true }));

describe("the page of the contract", () => {
  test("reads the published documents, which lie beside it", async () => {
    expect(JSON.parse(await read("openapi.json"))).toEqual(openapi);
    expect(JSON.parse(await read("asyncapi.json"))).toEqual(asyncapi);
    expect(await read("docs/start.js")).toMatch(/"url": "\/openapi.json"[^]*"url": "\/asyncapi.json"/);
  });

  test("runs its own two files and no inline script, which its policy forbids", async () => {
    const page = await read("docs/index.html");
    expect([...page.matchAll(/<script([^>]*)>([^<]*)/g)].map(([, attributes, text]) => [attributes, text])).toEqual([
      [` src="/docs/scalar.js"`, ""],
      [` src="/docs/start.js"`, ""],
    ]);
    expect(page).not.toMatch(/\son\w+=|<style|style=/);
    expect(docsPolicy).toContain("script-src 'self';");
  });

  test("names no other server", async () => {
    expect((await read("docs/index.html")) + (await read("docs/start.js"))).not.toMatch(/https?:|\/\//);
    expect(docsPolicy).not.toMatch(/https?:|\*/);
  });

  test("the bundle is the one that gives `Scalar.createApiReference`", async () => {
    expect(await read("docs/scalar.js")).toContain("createApiReference");
  });
});
