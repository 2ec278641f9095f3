/**
 * The import rules of the layout, as a check: who may know whom. Run by `npm run check`.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** Packages and folders that each top-level folder may import, besides its own files. */
const allowed: Readonly<Record<string, { folders: readonly string[]; packages: RegExp }>> = {
  schemas: { folders: [], packages: /^(zod|@msgpack\/msgpack)$/ },
  server: {
    folders: ["schemas"],
    packages:
      /^(hono|hono\/(cors|secure-headers|streaming)|jose|partyserver|zod|fourier-transform|ipaddr\.js|standardwebhooks|cloudflare:workers|node:crypto)$/,
  },
  client: { folders: ["schemas"], packages: /./ },
  scripts: { folders: ["schemas", "server", "client"], packages: /./ },
  test: { folders: ["schemas", "server", "client", "scripts"], packages: /./ },
};

/** Only these may touch the platform's Durable Object classes and the Worker's bindings. */
const platformModules = /^(partyserver|cloudflare:workers)$/;
const platformFiles =
  /^server\/(index\.ts|config\.ts|env\.ts|embedded-resolver\.ts|room\/|limits\/(rate-limiter|tenant-quota)\.ts)/;
/**
 * `scripts` may read a Worker's configuration contract, not its inside; but for the embedded resolver, which knows no
 * platform and which scripts train and evaluate, and the form of API keys and their rows, which a script makes.
 */
const scriptsMayImport = /^server\/(config\.ts$|resolver\/|access\/api-keys-(format|row)\.ts$)/;
/** A concern folder of the server knows these others. The room and the entry wire all of them together. */
const concerns: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  telemetry: [],
  // Of limits only their arithmetic: it is asked in the step that keeps a chunk.
  journal: ["limits", "lib"],
  archive: ["journal", "lib", "telemetry"],
  "index-db": ["lib", "telemetry"],
  audio: ["journal", "archive", "lib", "telemetry"],
  // A service of its own: the room reaches it as it would one outside.
  resolver: ["lib"],
  // Of the resolver only how it hears a name in a sentence.
  speakers: ["journal", "archive", "resolver", "lib", "telemetry"],
  // What finalize drains and what the result is made of: no way to write it without knowing them.
  results: ["journal", "archive", "audio", "speakers", "lib", "telemetry"],
  deletion: ["journal", "archive", "lib", "telemetry"],
  webhooks: ["journal", "lib", "telemetry"],
  exports: [],
  access: ["lib", "telemetry"],
  limits: ["lib", "telemetry"],
  room: [
    "index-db",
    "deletion",
    "exports",
    "journal",
    "archive",
    "audio",
    "speakers",
    "results",
    "webhooks",
    "limits",
    "lib",
    "telemetry",
  ],
  // Of webhooks only which addresses they may go to: it is asked before a session is opened.
  http: ["room", "access", "index-db", "exports", "audio", "webhooks", "limits", "lib", "telemetry"],
};

const importPattern =
  /(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s*"([^"]+)"|import\("([^"]+)"\)|(?:^|\n)\s*import\s*"([^"]+)"/g;

function importsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function violation(file: string, specifier: string): string | undefined {
  const top = file.split("/")[0] ?? "";
  const rule = allowed[top];
  if (!rule) return undefined;
  if (!specifier.startsWith(".")) {
    if (platformModules.test(specifier) && top === "server" && !platformFiles.test(file))
      return "only the entry, the room and the counting objects touch the platform";
    return rule.packages.test(specifier) ? undefined : `${top} may not use the package`;
  }
  const target = normalize(join(dirname(file), specifier));
  const targetTop = target.split("/")[0] ?? "";
  if (target === "package.json") return undefined;
  if (targetTop !== top && !rule.folders.includes(targetTop)) return `${top} may not import ${targetTop}`;
  if (top === "scripts" && targetTop === "server" && !scriptsMayImport.test(target))
    return "scripts may use the server's configuration contract, its embedded resolver and the form of API keys only";
  return top === "server" && targetTop === "server" ? concernViolation(file, target) : undefined;
}

function concernViolation(file: string, target: string): string | undefined {
  const [, from = "", ...rest] = file.split("/");
  const [, to = ""] = target.split("/");
  const known = concerns[from];
  // Files at the top of server/ see everything below them.
  if (rest.length === 0 || !known || from === to) return undefined;
  // The room and the routes get the configuration and the bindings; what they wire gets neither.
  if (to.endsWith(".ts") && (from === "room" || from === "http")) return undefined;
  return known.includes(to) ? undefined : `server/${from} may not import server/${to}`;
}

function findCycle(files: readonly string[]): string[] | undefined {
  const edges = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => normalize(join(dirname(file), specifier))),
    ]),
  );
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of files) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return undefined;
}

const files = globSync("{schemas,server,client,scripts,test}/**/*.ts").filter((file) => !file.endsWith(".d.ts"));
const problems = files.flatMap((file) =>
  importsOf(file).flatMap((specifier) => {
    const reason = violation(file, specifier);
    return reason ? [`${file}: "${specifier}": ${reason}`] : [];
  }),
);
const cycle = findCycle(files);
if (cycle) problems.push(`cycle: ${cycle.join(" → ")}`);
for (const line of problems) console.error(line);
if (problems.length > 0) process.exit(1);
console.log(`import rules hold in ${files.length} files`);
