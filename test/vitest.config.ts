/**
 * Five worlds: `unit` for pure modules, `contract` for a gateway as a black box over real sockets, `node` for the client
 * library and for chaos, `room` inside workerd, `browser` for the library in a real Chromium.
 * The root is the repository, so that paths in messages are the ones a person can open.
 *
 * What takes long by its nature (models that hear, pages in real time, loads, faults that must be waited for) is in files that say so,
 * `NAME.long.test.ts`: `npm test` leaves them out, `npm run test:long` runs them and nothing else, and a thorough run takes all.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cloudflareTest, type D1Migration, readD1Migrations } from "@cloudflare/vitest-plugin";
import { kCurrentWorker, Response } from "miniflare";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { appFiles, buildApp } from "../scripts/local/build-app.ts";
import { runSeed } from "./support/run-seed.ts";

declare module "vitest" {
  interface ProvidedContext {
    seed: number;
    /** Whether sweeps take every step (test/support/sweep.ts). */
    isThorough: boolean;
    /** Of the index of sessions. */
    indexMigrations: D1Migration[];
    /** The first seconds of the demo's recording, s16le as base64: what the stored rooms of `fixtures` were given. */
    sampleSeconds: string;
  }
}

/** A busy machine takes seconds for what a page or another process does. */
const expectations = { poll: { timeout: 20_000 } };

await buildApp();

/** The app's files, as its binding `ASSETS` has them, without the platform's own headers. */
async function readAppFile(path: string): Promise<Response> {
  const content = await readFile(join(appFiles, path)).catch(() => undefined);
  return content === undefined ? new Response(null, { status: 404 }) : new Response(content);
}

const root = fileURLToPath(new URL("..", import.meta.url));

// Many tests start the command line or a gateway: compiled once, each start takes a third of the processor's time.
process.env["NODE_COMPILE_CACHE"] ??= join(root, "node_modules/.cache/compiled");

/** `vitest --mode thorough`: `npm run test:thorough`. */
const isThorough = (mode: string): boolean => mode === "thorough";

/** Whether a run of this mode takes long files. */
const isLong = (mode: string): boolean => mode === "long" || isThorough(mode);

/** The tests below these folders that a run of this mode takes. */
function testsIn(mode: string, ...folders: string[]): { include: string[]; exclude: string[] } {
  const long = folders.map((folder) => `test/${folder}/**/*.long.test.ts`);
  if (mode === "long") return { include: long, exclude: [] };
  return { include: folders.map((folder) => `test/${folder}/**/*.test.ts`), exclude: isLong(mode) ? [] : long };
}

export default defineConfig(async ({ mode }): Promise<ViteUserConfig> => ({
  root,
  test: {
    // The room logs what it is told to expect here; only a failed test's lines are of use.
    silent: "passed-only",
    provide: { isThorough: isThorough(mode), seed: runSeed(process.env["ROOMTONE_SEED"], isThorough(mode)) },
    projects: [
      {
        root,
        test: {
          name: "unit",
          ...testsIn(mode, "unit"),
          environment: "node",
          // Pure modules: one process for many files.
          isolate: false,
          maxWorkers: 4,
          // A test of pure code takes no time; the limit is for a machine that is busy with other things.
          testTimeout: 60_000,
        },
      },
      {
        root,
        test: {
          name: "contract",
          expect: expectations,
          ...testsIn(mode, "contract"),
          globalSetup: ["test/support/bundle-once.ts", "test/support/shared-gateways.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Files that ask for no gateway of their own share one with those that ran before in the same process.
          isolate: false,
          maxWorkers: 4,
        },
      },
      {
        root,
        test: {
          name: "node",
          expect: expectations,
          ...testsIn(mode, "client", "chaos"),
          globalSetup: ["test/support/bundle-once.ts", "test/support/cli-once.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Most of a test is waiting: four at a time keep two cores busy. A process for each file would take a third of their time to begin;
          // some of the long ones put a disk in the place of Node's, which wants one.
          isolate: isLong(mode),
          maxWorkers: 4,
        },
      },
      {
        root,
        plugins: [
          cloudflareTest({
            main: "./test/room/support/worker.ts",
            wrangler: { configPath: "./wrangler.jsonc" },
            miniflare: {
              // Both Workers are this one: the app's entrypoint is among the test Worker's own.
              serviceBindings: {
                APP: { name: kCurrentWorker, entrypoint: "AppEntrypoint" },
                GATEWAY: { name: kCurrentWorker, entrypoint: "GatewayEntrypoint" },
                ASSETS: (request) => readAppFile(new URL(request.url).pathname),
              },
              durableObjects: {
                MEETING_FEED: { className: "MeetingFeed", useSQLite: true },
                MEETING_TRANSCRIBER: { className: "MeetingTranscriber", useSQLite: true },
                CAPTIONER: { className: "Captioner", useSQLite: true },
                USAGE_LOG: { className: "UsageLog", useSQLite: true },
                PARTICIPANT: { className: "Participant", useSQLite: true },
                MEETING_INDEX: { className: "MeetingIndex", useSQLite: true },
                CHAT_SESSION: { className: "ChatSessionDO", useSQLite: true },
                CHAT_LIST: { className: "ChatList", useSQLite: true },
                OPERATIONS: { className: "Operations", useSQLite: true },
                TRACE_LOG: { className: "TraceLog", useSQLite: true },
                BILLING_LEDGER: { className: "BillingLedgerDO", useSQLite: true },
                SYNC: { className: "SyncDO", useSQLite: true },
                BODY_REGISTRY: { className: "BodyRegistry", useSQLite: true },
              },
              kvNamespaces: ["CACHE"],
              r2Buckets: ["KNOWLEDGE_STORE"],
              bindings: {
                AUTH_MODE: "off",
                // All tests of a file are one caller, on a clock that stands still.
                RATE_LIMIT_PER_MINUTE: "off",
                INFERENCE_BASE_URL: "http://inference.test",
                INFERENCE_TIMEOUT_MS: "2000",
                // Tests of it ask for it: the others set no service up.
                RESOLVE_AUTO: "off",
                // Behind it are models that a test makes up (test/room/support/models.ts).
                OPENAI_BASE_URL: "http://models.test/v1",
                CHAT_MODELS_ALLOWED: "openai/obeys,openai/writes,openai/down,openai/cut,openai/refuses",
                WEBHOOK_SECRET: "whsec_cm9vbXRvbmUgd2ViaG9vayB0ZXN0IHNlY3JldCE=",
                WEBHOOK_TIMEOUT_MS: "300",
                // As with RESOLVE_AUTO: the others move the clock, and log no stall for it.
                TRACK_STALLED_AFTER_MS: "0",
                // And the others' sessions go on however far they move it.
                AUTO_FINALIZE_AFTER_MS: "off",
              },
            },
          }),
        ],
        test: {
          name: "room",
          ...testsIn(mode, "room"),
          // One workerd for many files: they share storage, so ids are new ones everywhere, and a clock that only goes on.
          isolate: false,
          setupFiles: ["test/room/support/migrate-index.ts"],
          provide: {
            sampleSeconds: (await readFile(`${root}/scripts/demo/sample/interview.wav`))
              .subarray(44, 44 + 18 * 32_000)
              .toString("base64"),
            indexMigrations: await readD1Migrations(`${root}/server/shared/d1/migrations`),
          },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 4,
        },
      },
      {
        root,
        test: {
          name: "browser",
          expect: expectations,
          ...testsIn(mode, "browser"),
          globalSetup: [
            "test/support/bundle-once.ts",
            "test/support/shared-gateways.ts",
            "test/browser/support/chromium.ts",
          ],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // After the others, two files at a time: pages play and record in real time, and a processor that they share with many comes too late.
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
          // Files that ask for no gateway of their own share one, as those of `contract` do.
          isolate: false,
        },
      },
    ],
  },
}));
