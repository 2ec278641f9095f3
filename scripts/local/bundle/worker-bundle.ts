/**
 * The Workers, bundled once for as long as nothing that they are made of changes: in `.wrangler/bundle/KEY`, where KEY is
 * made of the contents of all sources. Guarantees that what is returned was made of the files as they are now. Several
 * processes may ask at once.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Failure } from "../../../schemas/lib/failure.ts";
import { openDigests } from "../file-digests.ts";
import { keptBuilds, noteUsed, unfinished } from "../kept-builds.ts";
import { readsTypeScript } from "../reads-typescript.ts";
import { type Bundle, bundleFile, bundleSchema } from "./bundle-format.ts";
import { root } from "./worker-configs.ts";

const bundlesFolder = join(root, ".wrangler", "bundle");
const makeScript = fileURLToPath(new URL("make-bundle.ts", import.meta.url));
const makeTimeoutMs = 120_000;

export interface StoredBundle extends Bundle {
  readonly folder: string;
}

/** @throws Failure where the Workers can't be bundled; its message is wrangler's. */
export async function workerBundle(): Promise<StoredBundle> {
  const digests = openDigests();
  const current = storedBundles().find(({ inputs }) =>
    Object.entries(inputs).every(([file, digest]) => digests.of(file) === digest),
  );
  digests.save();
  return current && noteUsed(current.folder) ? current : make();
}

/** Those that were used last first: one of them is most likely the one. */
function storedBundles(): StoredBundle[] {
  return keptBuilds(bundlesFolder).flatMap((folder) => readBundle(folder) ?? []);
}

/** Undefined where it is of another version, or was removed meanwhile. */
function readBundle(folder: string): StoredBundle | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(folder, bundleFile), "utf8"));
  } catch {
    return undefined;
  }
  const parsed = bundleSchema.safeParse(value);
  return parsed.success ? { ...parsed.data, folder } : undefined;
}

async function make(): Promise<StoredBundle> {
  mkdirSync(bundlesFolder, { recursive: true });
  const folder = mkdtempSync(join(bundlesFolder, unfinished));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    await promisify(execFile)(process.execPath, [...readsTypeScript, makeScript, folder], {
      cwd: root,
      // Of the configuration's environments, the one without a name.
      env: { ...process.env, CLOUDFLARE_ENV: "" },
      timeout: makeTimeoutMs,
    });
    const made = readBundle(folder);
    if (!made) throw new Failure("The bundle of the Workers can't be read back.");
    const key = createHash("sha256").update(JSON.stringify(made.inputs)).digest("hex").slice(0, 16);
    const place = join(bundlesFolder, key);
    try {
      renameSync(folder, place);
    } catch (cause) {
      // Another process made the same at once.
      if (!existsSync(join(place, bundleFile))) throw cause;
    }
    return { ...made, folder: place };
  } catch (cause) {
    const printed = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : "";
    if (printed === "") throw cause;
    throw new Failure(`The Workers can't be bundled:\n${printed}`);
  } finally {
    process.off("exit", remove);
    remove();
  }
}
