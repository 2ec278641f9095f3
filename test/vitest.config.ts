/**
 * Three worlds: `node` for pure modules and for black-box tests over real sockets, `room` inside workerd, `browser`
 * for the library in a real Chromium.
 * The root is the repository, so that paths in messages are the ones a person can open.
 */
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the randomized tests; null takes fixed seeds and a new one. */
    seed: number | null;
  }
}

const root = fileURLToPath(new URL("..", import.meta.url));

export default defineConfig({
  root,
  test: {
    // The room logs what it is told to expect here; only a failed test's lines are of use.
    silent: "passed-only",
    projects: [
      {
        root,
        test: {
          name: "node",
          include: [
            "test/unit/**/*.test.ts",
            "test/client/**/*.test.ts",
            "test/contract/**/*.test.ts",
            "test/chaos/**/*.test.ts",
          ],
          environment: "node",
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Contract tests start a gateway each: more than two at a time starve on a small machine.
          maxWorkers: 2,
        },
      },
      {
        root,
        plugins: [
          cloudflareTest({
            main: "./test/room/support/worker.ts",
            wrangler: { configPath: "./wrangler.jsonc" },
            miniflare: {
              bindings: {
                AUTH_MODE: "off",
                INFERENCE_BASE_URL: "http://inference.test",
                INFERENCE_TIMEOUT_MS: "2000",
                // Tests of it ask for it: the others set no service up.
                RESOLVE_AUTO: "off",
              },
            },
          }),
        ],
        test: {
          name: "room",
          include: ["test/room/**/*.test.ts"],
          provide: { seed: process.env["ROOMTONE_SEED"] ? Number(process.env["ROOMTONE_SEED"]) : null },
          testTimeout: 30_000,
          hookTimeout: 30_000,
          maxWorkers: 2,
        },
      },
      {
        root,
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["test/browser/support/chromium.ts"],
          environment: "node",
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
