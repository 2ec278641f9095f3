/**
 * The app's static files, by the names that `scripts/local/build-app.ts` gave them. How long one may be kept, and what a page
 * may run, is said here and nowhere else: the gateway adds what holds for every answer.
 */
import type { Context } from "hono";
import { pageFilesPath } from "../../../schemas/http/operations.ts";
import { problemResponse } from "../../shared/http/problem-response.ts";
import type { AppEnv } from "./app-env.ts";

const contentTypes = {
  json: "application/json",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
} as const;
/** Pages run scripts of their own origin alone, and ask that origin alone (the contract's "Test Request" included). */
const anyPage = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
] as const;
/** What each page may load besides. Scalar makes its styles as it runs: the contract's page can't do without 'unsafe-inline'. */
const pagePolicies: Readonly<Record<`${string}.html`, string>> = {
  "docs.html": [...anyPage, "style-src 'self' 'unsafe-inline'", "img-src 'self' data:"].join("; "),
  "console.html": [...anyPage, "style-src 'self'", "img-src 'self'", "media-src 'self' blob:"].join("; "),
};
const forAWhile = "public, max-age=300";
/** The name has a hash of the content in it. */
const forEver = "public, max-age=31536000, immutable";

type DocumentName = `${string}.${keyof typeof contentTypes}`;

/** A route that answers one file, under a path that has no need to be the file's name. */
export function documentRoute(name: DocumentName): (c: Context<AppEnv>) => Promise<Response> {
  const kind = name.slice(name.lastIndexOf(".") + 1) as keyof typeof contentTypes;
  const policy = Object.hasOwn(pagePolicies, name) ? pagePolicies[name as `${string}.html`] : undefined;
  return (c) =>
    file(c, `/${name}`, {
      "content-type": contentTypes[kind],
      "cache-control": forAWhile,
      ...(policy === undefined ? {} : { "content-security-policy": policy }),
    });
}

/** A file that a page loads. */
export function pageFileRoute(c: Context<AppEnv>): Promise<Response> {
  return file(c, `${pageFilesPath}${c.req.param("name") ?? ""}`, { "cache-control": forEver });
}

async function file(c: Context<AppEnv>, path: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const asked = new Headers();
  const known = c.req.header("if-none-match");
  if (known !== undefined) asked.set("if-none-match", known);
  const found = await c.env.ASSETS.fetch(new Request(new URL(path, "https://files"), { headers: asked }));
  if (found.status !== 200 && found.status !== 304) {
    await found.body?.cancel();
    return problemResponse("not_found", "No such file.", c.var.traceId);
  }
  const etag = found.headers.get("etag");
  const type = found.headers.get("content-type");
  return new Response(found.body, {
    status: found.status,
    headers: {
      ...(etag === null ? {} : { etag }),
      ...(type === null ? {} : { "content-type": type }),
      ...headers,
    },
  });
}
