/**
 * `GET /openapi.json`, `/asyncapi.json` and `/docs`: the published contract, as `npm run generate` made it from `schemas/`.
 * What is said of a text (its `ETag`, the hash of its style) is made from the text that is served, so that neither can be
 * another's.
 */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import asyncapi from "../../../schemas/published/asyncapi.json" with { type: "json" };
import docs from "../../../schemas/published/docs.html";
import openapi from "../../../schemas/published/openapi.json" with { type: "json" };
import type { AppEnv } from "./app-env.ts";
import { matchesEtag } from "./etags.ts";

interface Document {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Route = (c: Context<AppEnv>) => Response;

/** Made when it is first asked for: most of a Worker's isolates never are. */
function routeOf(make: () => Document): Route {
  let made: (Document & { readonly etag: string }) | undefined;
  return (c) => {
    made ??= withEtag(make());
    const { text, headers, etag } = made;
    const cached = { etag, "cache-control": "public, max-age=300" };
    if (matchesEtag(c.req.header("if-none-match"), etag)) return c.body(null, 304, cached);
    return c.body(text, 200, { ...headers, ...cached });
  };
}

export const openapiRoute = routeOf(() => jsonDocument(openapi));
export const asyncapiRoute = routeOf(() => jsonDocument(asyncapi));

export const docsRoute = routeOf(() => ({
  text: docs,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": `default-src 'none'; style-src 'sha256-${sha256(styleOf(docs)).toBase64()}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  },
}));

function jsonDocument(document: object): Document {
  return { text: JSON.stringify(document), headers: { "content-type": "application/json" } };
}

function withEtag(document: Document): Document & { readonly etag: string } {
  return { ...document, etag: `"${sha256(document.text).toBase64({ alphabet: "base64url", omitPadding: true })}"` };
}

/** What stands between the page's one pair of style tags, to the byte: that is what a browser hashes (CSP 3 §8.4). */
function styleOf(page: string): string {
  return page.slice(page.indexOf("<style>") + "<style>".length, page.indexOf("</style>"));
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(new TextEncoder().encode(text)).digest();
}
