/**
 * The contract's page at `/docs`: Scalar's reader over `/openapi.json` and `/asyncapi.json`, as files that any server of static
 * assets can serve. The page loads nothing from anywhere else, and runs nothing but these files: see its policy.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import scalar from "@scalar/fastify-api-reference";
import { asyncapiText, openapiText } from "./generate-contract.ts";

/**
 * Header `content-security-policy` of `/docs` and everything below it. Scalar makes its styles as it runs: `style-src` can't
 * do without 'unsafe-inline'. Scripts are the two files alone, and requests ("Test Request" included) go to this gateway alone.
 */
export const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const page = `<!doctype html>
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
    <script src="/docs/scalar.js"></script>
    <script src="/docs/start.js"></script>
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
};

/** Writes `openapi.json`, `asyncapi.json` and the page below `docs/` into a folder that is served as `/`. */
export async function writeContractAssets(folder: string): Promise<void> {
  const files = {
    "openapi.json": openapiText,
    "asyncapi.json": asyncapiText,
    "docs/index.html": page,
    "docs/start.js": `Scalar.createApiReference("#contract", ${JSON.stringify(settings, null, 2)});\n`,
    "docs/scalar.js": scalarBundle(),
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
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
