/** The environments of both configurations, as wrangler reads them. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { experimental_readRawConfig as readRawConfig, unstable_readConfig as readWholeConfig } from "wrangler";
import * as z from "zod";
import type { BindingKind, WorkerName } from "../../../server/shared/config/installation/table.ts";

export const environmentNames = ["development", "staging", "production"] as const;
export type EnvironmentName = (typeof environmentNames)[number];

const root = fileURLToPath(new URL("../../..", import.meta.url));
export const configPaths: Readonly<Record<WorkerName, string>> = {
  gateway: join(root, "wrangler.jsonc"),
  app: join(root, "server", "app", "wrangler.jsonc"),
};

const listed = <T extends z.ZodRawShape>(shape: T) => z.array(z.looseObject(shape)).default([]);
/** The part of an environment's configuration that names something. */
const environmentSchema = z.looseObject({
  name: z.string(),
  durable_objects: z.looseObject({
    bindings: listed({ name: z.string(), class_name: z.string() }),
    code_update_strategy: z.unknown().optional(),
  }),
  d1_databases: listed({ binding: z.string(), database_name: z.string() }),
  kv_namespaces: listed({ binding: z.string(), id: z.string().optional() }),
  r2_buckets: listed({ binding: z.string(), bucket_name: z.string() }),
  services: listed({ binding: z.string(), service: z.string(), entrypoint: z.string() }),
  ai: z.looseObject({ binding: z.string() }).optional(),
  version_metadata: z.looseObject({ binding: z.string() }).optional(),
  vars: z.record(z.string(), z.unknown()).default({}),
});
export type Environment = z.infer<typeof environmentSchema>;

export const configSchema = environmentSchema.extend({
  assets: z.looseObject({ binding: z.string() }).optional(),
  migrations: listed({ tag: z.string() }),
  env: z.record(z.string(), environmentSchema).default({}),
});
export type Configuration = z.infer<typeof configSchema>;

export function readConfiguration(worker: WorkerName): Configuration {
  return configSchema.parse(readRawConfig({ config: configPaths[worker] }).rawConfig);
}

/** @throws where the configuration lacks it. */
export function environmentOf(config: Configuration, name: EnvironmentName): Environment {
  const environment = name === "development" ? config : config.env[name];
  if (!environment) throw new Error(`${config.name} has no environment ${name}`);
  return environment;
}

/** What Cloudflare keeps of a Worker's requests, as wrangler has it with all that an environment takes over from the top level. */
export function observabilityIn(worker: WorkerName, name: EnvironmentName): unknown {
  const env = wranglerEnvironment(name);
  return readWholeConfig({ config: configPaths[worker], ...(env !== "" && { env }) }).observability;
}

/** `--env` of wrangler: the top level of the configurations is `development`. */
export function wranglerEnvironment(name: EnvironmentName): string {
  return name === "development" ? "" : name;
}

export interface Bound {
  readonly name: string;
  readonly kind: BindingKind;
  readonly target?: string;
  /** What is bound, by the name that the account has for it; undefined where it has none. */
  readonly resource?: string;
}

export function bindingsOf(config: Configuration, name: EnvironmentName): Bound[] {
  const environment = environmentOf(config, name);
  const { ai, version_metadata: version } = environment;
  return [
    ...environment.durable_objects.bindings.map((one): Bound => {
      return { name: one.name, kind: "durable object", target: one.class_name };
    }),
    ...environment.r2_buckets.map((one): Bound => {
      return { name: one.binding, kind: "R2 bucket", resource: one.bucket_name };
    }),
    ...environment.d1_databases.map((one): Bound => {
      return { name: one.binding, kind: "D1 database", resource: one.database_name };
    }),
    ...environment.kv_namespaces.map((one): Bound => {
      return { name: one.binding, kind: "KV namespace", resource: namespaceTitle(name) };
    }),
    ...environment.services.map((one): Bound => {
      return { name: one.binding, kind: "service", target: one.entrypoint, resource: one.service };
    }),
    ...(config.assets ? [{ name: config.assets.binding, kind: "assets" } as const] : []),
    ...(ai ? [{ name: ai.binding, kind: "Workers AI" } as const] : []),
    ...(version ? [{ name: version.binding, kind: "version" } as const] : []),
  ];
}

/** The title by which `npm run deploy` finds the app's cache. */
export function namespaceTitle(name: EnvironmentName): string {
  return `roomtone-cache-${name}`;
}
