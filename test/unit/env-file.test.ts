/** `.env` gives what the environment lacks, and nothing where there is none. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { readEnvFile } from "../../scripts/cli/env-file.ts";

test("[V5] what is set already stays, the rest is taken, and no file is no news", () => {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-env-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
    vi.unstubAllEnvs();
    delete process.env["ROOMTONE_TEST_NEW"];
  });
  vi.stubEnv("ROOMTONE_TEST_SET", "before");
  const path = join(folder, ".env");
  expect(() => readEnvFile(path)).not.toThrow();
  writeFileSync(path, "ROOMTONE_TEST_SET=after\nROOMTONE_TEST_NEW=new\n");
  readEnvFile(path);
  expect(process.env["ROOMTONE_TEST_SET"]).toBe("before");
  expect(process.env["ROOMTONE_TEST_NEW"]).toBe("new");
});
