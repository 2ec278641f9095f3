/**
 * The contract's page at `/docs`: Scalar's reader over `/openapi.json` and `/asyncapi.json`, as files to serve. The page runs
 * two scripts, both files of ours, and loads nothing from another server.
 */
import { createHash } from "node:crypto";
import scalar from "@scalar/fastify-api-reference";
import { pageFilesPath } from "../../schemas/http/operations.ts";

/** @param scripts their paths, in the order in which they run. */
const pageWith = (scripts: readonly string[]): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Roomtone: the contract</title>
  </head>
  <body>
    <div id="contract"></div>
    <noscript>
      <p>This page needs JavaScript. The documents themselves: <a href="/openapi.json">openapi.json</a> (HTTP),
      <a href="/asyncapi.json">asyncapi.json</a> (WebSockets).</p>
    </noscript>
    ${scripts.map((path) => `<script src="${path}"></script>`).join("\n    ")}
  </body>
</html>
`;

/** Everything of Scalar that would talk to another server is off: fonts, proxy, telemetry, its assistant and hosted client. */
const settings = {
  sources: [
    { title: "HTTP", slug: "http", url: "/openapi.json" },
    { title: "WebSockets", slug: "websockets", url: "/asyncapi.json" },
  ],
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: "",
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: "never",
  // Codes in tables stay whole where there is room for them.
  customCss:
    "@media (min-width: 1000px) { .markdown th, .markdown td code { white-space: nowrap; } .markdown td { word-break: normal; } }",
};

/** By their names below the app's files: `docs.html`, and its scripts with a hash of their content in their names. */
export function docsFiles(): Map<string, string> {
  const start = `Scalar.createApiReference("#contract", ${JSON.stringify(settings, null, 2)});\n`;
  const scripts = [hashed("scalar", scalarBundle()), hashed("docs", start)];
  return new Map([
    ["docs.html", pageWith(scripts.map(([path]) => path))],
    ...scripts.map(([path, text]): [string, string] => [path.slice(1), text]),
  ]);
}

function hashed(name: string, text: string): [path: string, text: string] {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return [`${pageFilesPath}${name}-${hash}.js`, text];
}

interface Reply {
  header(name: string, value: string): Reply;
  send(text: string): void;
}

interface Route {
  readonly url: string;
  readonly handler: (request: null, reply: Reply) => void;
}

/** What the plugin uses of Fastify to register its routes. */
interface Fastify {
  hasPlugin(): boolean;
  route(route: Route): void;
}
type Plugin = (fastify: Fastify, options: object, done: () => void) => void;

/**
 * Scalar as one script. `@scalar/api-reference` itself would bring 310 MB of parts that are already inside its bundle; the plugin for
 * Fastify has nothing but the bundle, and hands it out by a route.
 */
function scalarBundle(): string {
  const found: string[] = [];
  const reply: Reply = { header: () => reply, send: (text) => found.push(text) };
  const route = ({ url, handler }: Route): void => {
    if (url === "/docs/js/scalar.js") handler(null, reply);
  };
  const options = { routePrefix: "/docs", configuration: { sources: settings.sources } };
  (scalar as unknown as Plugin)({ hasPlugin: () => false, route }, options, () => undefined);
  const [bundle] = found;
  if (bundle === undefined) throw new Error("@scalar/fastify-api-reference has no route of its script any more");
  return bundle;
}
