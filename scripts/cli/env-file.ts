/** `.env` of the folder that a command runs in. What the environment has already stays; without the file nothing is said or done. */
import { existsSync } from "node:fs";
import { loadEnvFile } from "node:process";

/** Call before the first variable is read. @throws what can't be read or is no such file. */
export function readEnvFile(path = ".env"): void {
  if (existsSync(path)) loadEnvFile(path);
}
