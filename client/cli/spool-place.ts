/**
 * Where spools lie unless `--spool` says so: below the user's home, and apart for each gateway, so that the same command goes on from
 * any folder, and a second gateway gets a meeting from its beginning.
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gatewayOf } from "@roomtone/client/node";

/** Relative to the working directory: what earlier versions used. One that is there is gone on with. */
const formerSpool = join(".roomtone", "spool");

export interface SpoolSurroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly exists: (path: string) => boolean;
}

const real = { env: process.env, platform: process.platform, home: homedir(), exists: existsSync };

/** @returns the folder in which each session of this gateway has its own. */
export function spoolPlace(
  baseUrl: string,
  sessionId: string,
  { env, platform, home, exists }: SpoolSurroundings = real,
): string {
  if (exists(join(formerSpool, sessionId))) return formerSpool;
  const gateway = gatewayOf(baseUrl).replace(/[^A-Za-z0-9.-]+/g, "_");
  return join(stateFolder(env, platform, home), "roomtone", "spool", gateway);
}

/** Where the system wants what a program keeps for itself, and no backup or sync tool has to read. */
function stateFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, home: string): string {
  const given = platform === "win32" ? env["LOCALAPPDATA"] : env["XDG_STATE_HOME"];
  if (given !== undefined && given !== "") return given;
  if (platform === "win32") return join(home, "AppData", "Local");
  return platform === "darwin" ? join(home, "Library", "Application Support") : join(home, ".local", "state");
}
