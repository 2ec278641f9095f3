/**
 * `npm run imports`: who may know whom. The rules are the picture of the layout in `docs/architecture.md`; each violation is
 * printed with the rule it breaks. Cycles are oxlint's to find.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { defineCommand } from "./cli/define-command.ts";
import { readOptions } from "./cli/run-command.ts";

/** A place in the tree, and what its files may import besides each other: folders, and packages. */
interface Place {
  readonly folder: string;
  readonly folders: readonly string[];
  readonly packages: RegExp;
}

const workerPackages =
  /^(hono|hono\/(cors|secure-headers|streaming)|jose|partyserver|zod|fourier-transform|ipaddr\.js|standardwebhooks|cloudflare:workers|node:(crypto|async_hooks))$/;

/** The longest folder that holds a file is its place. */
const places: readonly Place[] = [
  { folder: "schemas", folders: [], packages: /^(zod|zod\/mini|@msgpack\/msgpack)$/ },
  { folder: "server/shared", folders: ["schemas"], packages: workerPackages },
  { folder: "server/gateway", folders: ["schemas", "server/shared"], packages: workerPackages },
  { folder: "server/app", folders: ["schemas", "server/shared"], packages: workerPackages },
  // A client of the room like any other, by the capture library.
  {
    folder: "server/app/participant",
    folders: ["schemas", "server/shared", "server/app", "client"],
    packages: workerPackages,
  },
  {
    folder: "server/inference",
    folders: ["schemas", "server/shared/lib", "server/shared/diarizer"],
    packages: /./,
  },
  // Its own answers are in the trace that the request names, as the gateway's are.
  { folder: "server/front", folders: ["schemas", "server/shared/http"], packages: /^node:/ },
  { folder: "client", folders: ["schemas"], packages: /./ },
  // A package of its own, which knows the client by its name.
  { folder: "client/cli", folders: ["schemas"], packages: /./ },
  { folder: "client/testkit", folders: ["schemas", "client"], packages: /./ },
  { folder: "client/console", folders: ["client"], packages: /./ },
  {
    folder: "scripts",
    folders: [
      "schemas",
      "client",
      "server/shared/config",
      "server/shared/diarizer",
      "server/shared/access",
      "server/front",
    ],
    packages: /./,
  },
  // What is learned is learned of the very steps that the service takes.
  {
    folder: "scripts/speakers/calibrate",
    folders: ["schemas", "client", "scripts", "server/shared", "server/inference"],
    packages: /./,
  },
  {
    folder: "scripts/speakers/voices",
    folders: ["schemas", "client", "scripts", "server/shared", "server/inference"],
    packages: /./,
  },
  { folder: "test", folders: ["schemas", "server", "client", "scripts", "docs"], packages: /./ },
];

/** What only some files may import, as patterns of what is imported and of the files. */
const reserved: readonly { readonly what: RegExp; readonly by: RegExp; readonly why: string }[] = [
  {
    what: /^partyserver$/,
    by: /^server\/gateway\/room\/host\.ts$|^test\//,
    why: "PartyServer is behind server/gateway/room/host.ts",
  },
  {
    what: /^partysocket(\/.*)?$/,
    by: /^client\/capture\/room-socket\.ts$/,
    why: "partysocket is behind client/capture/room-socket.ts",
  },
  {
    what: /^cloudflare:workers$/,
    by: /^server\/(gateway|app)\/index\.ts$|^server\/gateway\/(room|diarizer|entry)\/|^server\/app\/(feed|transcribe|ai\/usage)\/|^server\/app\/(captions\/captioner|search\/meeting-index|billing\/billing-ledger|chat\/kept\/chat-(session|list)|participant\/participant|operations\/(operations|trace-log)|sync\/(sync|registry)-object)\.ts$|^server\/shared\/limits\/(rate-limiter|tenant-quota)\.ts$|^test\//,
    why: "only entries and objects touch the platform's classes",
  },
  {
    what: /^(wrangler|miniflare)$/,
    by: /^scripts\/(local|deploy)\/|^test\/(vitest\.config\.ts|room\/)/,
    why: "only scripts/local and scripts/deploy touch wrangler and miniflare",
  },
];

/** A concern folder of the gateway knows `core` and these others of it. The room and the entry wire them together. */
const concerns: Readonly<Record<string, readonly string[]>> = {
  core: ["events"],
  tracks: ["events"],
  events: [],
  archive: ["tracks"],
  // A service of its own: the room reaches it as it would one outside.
  diarizer: [],
  speakers: ["tracks", "events", "archive"],
  // What finalize drains and what the result is made of: no way to write it without knowing them.
  results: ["tracks", "events", "archive", "speakers"],
  lifecycle: ["tracks", "events", "archive"],
  webhooks: ["events"],
  "app-outbox": ["events"],
};

const importPattern =
  /(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s*"([^"]+)"|import\("([^"]+)"\)|(?:^|\n)\s*import\s*"([^"]+)"/g;

function importsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

function placeOf(file: string): Place | undefined {
  return places.filter(({ folder }) => isBelow(file, folder)).sort((a, b) => b.folder.length - a.folder.length)[0];
}

function violation(file: string, specifier: string): string | undefined {
  const barred = reserved.find(({ what, by }) => what.test(specifier) && !by.test(file));
  if (barred) return barred.why;
  const place = placeOf(file);
  if (!place) return undefined;
  if (!specifier.startsWith(".")) {
    return place.packages.test(specifier) ? undefined : `${place.folder} may not use the package`;
  }
  const target = normalize(join(dirname(file), specifier));
  if (target === "package.json" || target.endsWith("/package.json")) return undefined;
  const own = placeOf(target);
  if (own?.folder === "client/testkit" && !/^(test|scripts|client\/testkit)\//.test(file))
    return "client/testkit is for tests and scripts";
  if (isBelow(target, place.folder)) return concernViolation(file, target);
  if (place.folders.some((folder) => isBelow(target, folder))) return undefined;
  return `${place.folder} may not import ${own?.folder ?? target}`;
}

function concernViolation(file: string, target: string): string | undefined {
  const [top, worker, from = "", ...rest] = file.split("/");
  const [, , to = ""] = target.split("/");
  const known = top === "server" && worker === "gateway" ? concerns[from] : undefined;
  if (rest.length === 0 || !known || from === to || to === "core" || known.includes(to)) return undefined;
  return `server/gateway/${from} may not import server/gateway/${to}`;
}

readOptions(
  defineCommand({
    name: "npm run imports --",
    description: "Whether every file imports only what its folder may.",
  }),
);

const files = globSync("{schemas,server,client,scripts,test}/**/*.{ts,tsx}", {
  exclude: (path) => /node_modules|\/dist(\/|$)/.test(typeof path === "string" ? path : ""),
}).filter((file) => !file.endsWith(".d.ts"));
const problems = files.flatMap((file) =>
  importsOf(file).flatMap((specifier) => {
    const reason = violation(file, specifier);
    const breach = `${file}: "${specifier}"`;
    return reason ? [`${breach}: ${reason}`] : [];
  }),
);
for (const line of problems) console.error(line);
if (problems.length > 0) process.exit(1);
console.log(`import rules hold in ${files.length} files`);
