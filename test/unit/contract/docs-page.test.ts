import { describe, expect, test } from "vitest";
import { httpErrors, wireErrors } from "../../../schemas/wire/errors.ts";
import { limitRows } from "../../../schemas/limits.ts";
import { operations } from "../../../schemas/http/operations.ts";
import { docsPage } from "../../../scripts/contract/page/page.ts";
import { asyncapi, docs, openapi } from "./documents.ts";

const ids = [...docs.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);

describe("docs.html", () => {
  test.each([
    ["operation", Object.keys(operations).map((id) => `op-${id}`)],
    ["problem code", Object.keys(httpErrors).map((code) => `problem-${code}`)],
    ["error code", Object.keys(wireErrors).map((code) => `error-${code}`)],
    ["limit", limitRows.map(({ name }) => `limit-${name}`)],
    ["channel", Object.keys(asyncapi.channels).map((id) => `channel-${id}`)],
    ["message", Object.keys(asyncapi.components.messages).map((name) => `msg-${name}`)],
    ["webhook", Object.keys(openapi.webhooks).map((type) => `webhook-${type}`)],
    ["schema", Object.keys(openapi.components.schemas).map((name) => `schema-${name}`)],
  ])("every %s has its place", (_, wanted) => {
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("limits have their values", () => {
    for (const { name, value } of limitRows) {
      const row = docs.slice(docs.indexOf(`id="limit-${name}"`));
      expect(row.slice(0, row.indexOf("</tr>"))).toContain(`>${value.toLocaleString("en-US")}<`);
    }
  });

  test("each place is there once, and each link within the page leads to one", () => {
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    const links = [...docs.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
    expect([...new Set(links)].filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("it runs nothing and loads nothing", () => {
    const elements = new Set([...docs.matchAll(/<([a-z][a-z0-9]*)/gi)].map(([, name]) => name));
    for (const name of [
      "script",
      "link",
      "img",
      "iframe",
      "object",
      "embed",
      "base",
      "form",
      "video",
      "audio",
      "svg",
    ]) {
      expect(elements).not.toContain(name);
    }
    expect(docs).not.toMatch(/<[^>]*\s(?:src|srcset|style|on\w+)=/i);
    expect(docs.match(/<style>/g)).toHaveLength(1);
    const style = docs.slice(docs.indexOf("<style>"), docs.indexOf("</style>"));
    expect(style).not.toMatch(/url\(|@import/);
    const hrefs = [...docs.matchAll(/href="([^"]*)"/g)].map(([, href]) => href ?? "");
    expect(hrefs.filter((href) => !/^[#/]/.test(href))).toEqual([]);
  });

  test("what it is given is escaped", () => {
    const bad = `<script>alert(1)</script><img src=x onerror="alert(2)">&amp;`;
    const told = JSON.parse(
      JSON.stringify(openapi).replaceAll("A page that runs nothing.", JSON.stringify(bad).slice(1, -1)),
    ) as typeof openapi;
    const page = docsPage(told, asyncapi, new Set());
    expect(page).not.toBe(docs);
    expect(page).not.toContain("<script");
    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).toContain("&amp;amp;");
  });
});
