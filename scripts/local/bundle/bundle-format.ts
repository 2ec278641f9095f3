/**
 * What a bundle of the Workers on disk looks like: a folder with a `bundle.json` and, for each Worker, the modules that
 * `wrangler deploy` would upload. Written by `make-bundle.ts`, read by `worker-bundle.ts`.
 */
import { z } from "zod";

export const bundleFile = "bundle.json";

/** Types of modules, by miniflare's names. Anything else in wrangler's output is a by-product. */
export const moduleTypes: Readonly<Record<string, "ESModule" | "CompiledWasm" | "Text" | "Data">> = {
  ".js": "ESModule",
  ".mjs": "ESModule",
  ".wasm": "CompiledWasm",
  ".html": "Text",
  ".txt": "Text",
  ".sql": "Text",
  ".bin": "Data",
};

const databaseSchema = z.object({
  binding: z.string(),
  /** In the order they are applied; each as single statements. */
  migrations: z.array(z.object({ name: z.string(), statements: z.array(z.string()) })),
});
export type BundledDatabase = z.infer<typeof databaseSchema>;

/** By binding. */
const namedSchema = z.record(z.string(), z.object({ id: z.string() })).default({});

export const workerSchema = z.object({
  name: z.string(),
  /** Below the bundle's folder; the first is the entry. */
  modules: z.array(z.object({ type: z.enum(["ESModule", "CompiledWasm", "Text", "Data"]), path: z.string() })),
  /** As wrangler makes them of its configuration, for miniflare: bindings, objects, assets, compatibility. */
  options: z.object({ d1Databases: namedSchema, r2Buckets: namedSchema }).catchall(z.json()),
  databases: z.array(databaseSchema),
});
export type BundledWorker = z.infer<typeof workerSchema>;

export const bundleSchema = z.object({
  /** Every file that the bundle was made of, from the repository's root, with its SHA-256; null: there was none. */
  inputs: z.record(z.string(), z.string().nullable()),
  /** The first is the gateway, which the front listener forwards to. */
  workers: z.array(workerSchema),
});
export type Bundle = z.infer<typeof bundleSchema>;
