import { expect, test } from "vitest";
import { docsFiles } from "../../../scripts/contract/docs-page.ts";

const files = docsFiles();
const page = files.get("docs.html") ?? "";
const [scalar = "", start = ""] = [...page.matchAll(/<script src="\/([^"]+)"><\/script>/g)].map(([, path]) =>
  files.get(path ?? ""),
);

test("the page runs its two files and nothing inline, which its policy forbids", () => {
  expect(page.match(/<script/g)).toHaveLength(2);
  expect(page).not.toMatch(/\son\w+=|<style|style=/);
  expect(scalar).toContain("createApiReference");
  expect(start).toMatch(/^Scalar\.createApiReference/);
});

test("the page shows both documents and names no other server", () => {
  expect(start).toMatch(/"url": "\/openapi.json"[^]*"url": "\/asyncapi.json"/);
  expect(page + start).not.toMatch(/https?:|\/\//);
  expect(start).toContain('"telemetry": false');
});
