/** What wrangler says of an account, read. Pure: texts in, values out. */
import { stripVTControlCharacters } from "node:util";
import * as z from "zod";

export interface Ended {
  readonly code: number;
  /** All that it printed. */
  readonly output: string;
  /** The part of it that is an answer. */
  readonly stdout?: string;
}

/** The JSON in what wrangler printed, which may have a line of its own before it; undefined where there is none. */
function jsonIn(output: string): unknown {
  const text = stripVTControlCharacters(output);
  for (const { index } of text.matchAll(/^[[{]/gm)) {
    const end = Math.max(text.lastIndexOf("]"), text.lastIndexOf("}"));
    try {
      return JSON.parse(text.slice(index, end + 1));
    } catch {
      continue;
    }
  }
  return undefined;
}

export function bucketNamesIn(output: string): string[] {
  return [...stripVTControlCharacters(output).matchAll(/^name:\s*(\S+)/gm)].flatMap(([, name]) => name ?? []);
}

/** Why R2 can't be had, from what wrangler said when asked for buckets; undefined where it is something else. */
export function isWithoutR2(output: string): boolean {
  return /enable R2|\b10042\b/i.test(output);
}

/** Whether it had no credential to ask with, or none that is taken. A roll-back asks this way alone: each run of wrangler takes seconds. */
export function isNotLoggedIn(output: string): boolean {
  return /CLOUDFLARE_API_TOKEN|not (?:logged in|authenticated)|failed to fetch auth token|\[code: (?:10000|9109)\]/i.test(
    output,
  );
}

const databasesSchema = z.array(z.looseObject({ uuid: z.string(), name: z.string() }));
const namespacesSchema = z.array(z.looseObject({ id: z.string(), title: z.string() }));

/** Ids by name; undefined where the answer can't be read. */
export function databasesIn(output: string): ReadonlyMap<string, string> | undefined {
  const parsed = databasesSchema.safeParse(jsonIn(output));
  return parsed.success ? new Map(parsed.data.map(({ name, uuid }) => [name, uuid])) : undefined;
}

/** Ids by title, likewise. */
export function namespacesIn(output: string): ReadonlyMap<string, string> | undefined {
  const parsed = namespacesSchema.safeParse(jsonIn(output));
  return parsed.success ? new Map(parsed.data.map(({ title, id }) => [title, id])) : undefined;
}

const secretsSchema = z.array(z.looseObject({ name: z.string() }));

export function secretNamesIn(output: string): readonly string[] | undefined {
  const parsed = secretsSchema.safeParse(jsonIn(output));
  return parsed.success ? parsed.data.map(({ name }) => name) : undefined;
}

const deploymentsSchema = z.array(
  z.looseObject({
    created_on: z.string(),
    versions: z.array(z.looseObject({ version_id: z.string(), percentage: z.number() })).min(1),
  }),
);

/** Versions that take requests, one list for each deployment; the newest first. */
export type Deployments = readonly (readonly string[])[];

/** @returns undefined where the answer can't be read. */
export function deploymentsIn({ code, output }: Ended): Deployments | undefined {
  if (isUnknownWorker(output) && code !== 0) return [];
  if (code !== 0) return undefined;
  const parsed = deploymentsSchema.safeParse(jsonIn(output));
  if (!parsed.success) return undefined;
  return parsed.data
    .toSorted((a, b) => (a.created_on < b.created_on ? 1 : -1))
    .map(({ versions }) => versions.filter(({ percentage }) => percentage > 0).map((one) => one.version_id));
}

function isUnknownWorker(output: string): boolean {
  return /\b10007\b|does not exist on your account/i.test(output);
}

/** The version that runs alone; undefined before the first one, and while two share the requests. */
export function soleVersionOf(deployments: Deployments): string | undefined {
  const [current = []] = deployments;
  return current.length === 1 ? current[0] : undefined;
}

/** The version to go back to: of a rollout under way the one from before it, else the last one that ran alone. */
export function versionBefore(deployments: Deployments): string | undefined {
  const [current = [], ...earlier] = deployments;
  const sole = current.length === 1 ? current[0] : undefined;
  return earlier.find((versions) => versions.length === 1 && versions[0] !== sole)?.[0];
}

const versionSchema = z.looseObject({
  annotations: z.looseObject({ "workers/tag": z.string().optional() }).optional(),
});

/** The last migration of Durable Object classes that an upload of ours bears as its tag; undefined where it says none. */
export function migrationIn({ code, output }: Ended): string | undefined {
  const parsed = versionSchema.safeParse(code === 0 ? jsonIn(output) : undefined);
  const tag = parsed.success ? parsed.data.annotations?.["workers/tag"] : undefined;
  return /^classes-(.+)$/.exec(tag ?? "")?.[1];
}

export function tagOf(migration: string): string {
  return `classes-${migration}`;
}

/** The version that an upload or a deployment made. */
export function versionIn(output: string): string | undefined {
  return /Version ID:\s*([0-9a-f-]{8,36})/i.exec(stripVTControlCharacters(output))?.[1];
}

/** The address that a deployment serves. */
export function addressIn(output: string): string | undefined {
  return /https:\/\/[a-z0-9.-]+\.workers\.dev/i.exec(stripVTControlCharacters(output))?.[0];
}

/** What wrangler says is wrong; else the last that it printed. */
export function complaintIn(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const complaint = lines.find((line) => line.includes("[ERROR]"))?.replace(/^.*\[ERROR\]\s*/, "");
  return complaint ?? lines.at(-1) ?? "it printed nothing.";
}
