/** An account as wrangler shows it: what a deploy does is recorded, and any call can be made to fail. */
import type { Wrangler } from "../../../scripts/deploy/preflight.ts";
import { newestMigration } from "../../../scripts/deploy/preflight.ts";
import type { DeployTools } from "../../../scripts/deploy/deploy-run.ts";
import { tagOf } from "../../../scripts/deploy/account.ts";

interface Version {
  readonly id: string;
  readonly tag: string | undefined;
}

export class FakeAccount {
  /** Each run of wrangler, in order, as `CONFIGURATION: ARGUMENTS`. */
  readonly calls: string[] = [];
  readonly inputs: string[] = [];
  readonly printed: string[] = [];
  readonly smoked: string[] = [];
  buckets: string[] = [];
  databases: string[] = [];
  caches: string[] = [];
  secrets: string[] = [];
  isLoggedIn = true;
  hasR2 = true;
  smokeFails = false;
  /** Fails the first call that begins with it. */
  failsAt: string | undefined;
  readonly versions: Record<"gateway" | "app", Version[]> = { gateway: [], app: [] };
  /** Oldest first: versions with their parts. */
  readonly deployments: Record<"gateway" | "app", [id: string, percentage: number][][]> = { gateway: [], app: [] };
  #next = 0;

  /** One that was deployed before with this tool. */
  static installed(environment = "staging"): FakeAccount {
    const account = new FakeAccount();
    account.buckets = [`interview-feedback-results-${environment}`, `roomtone-knowledge-${environment}`];
    account.databases = [`roomtone-${environment}`];
    account.caches = [`roomtone-cache-${environment}`];
    account.secrets = ["JWT_SECRET"];
    for (const worker of ["gateway", "app"] as const) account.deploy(worker, tagOf(newestMigration(worker)));
    return account;
  }

  deploy(worker: "gateway" | "app", tag: string | undefined): string {
    const id = this.upload(worker, tag);
    this.deployments[worker].push([[id, 100]]);
    return id;
  }

  upload(worker: "gateway" | "app", tag: string | undefined): string {
    this.#next += 1;
    const id = `00000000-${worker === "app" ? "a" : "b"}${String(this.#next).padStart(3, "0")}`;
    this.versions[worker].push({ id, tag });
    return id;
  }

  /** What runs now. */
  running(worker: "gateway" | "app"): string {
    return (this.deployments[worker].at(-1) ?? []).map(([id, part]) => `${id}@${part}`).join(" ");
  }

  /** What changes the account. */
  get changes(): string[] {
    const looks = / (whoami|r2 bucket list|d1 list|kv namespace list|deployments list|versions view|secret list)/;
    return this.calls.filter((call) => !looks.test(call));
  }

  readonly wrangler: Wrangler = (config, args, { input } = {}) => {
    const call = `${config}: ${args.join(" ")}`;
    this.calls.push(call);
    if (input !== undefined) this.inputs.push(input);
    if (this.failsAt !== undefined && call.startsWith(this.failsAt)) {
      this.failsAt = undefined;
      return Promise.resolve({ code: 1, output: "✘ [ERROR] A request to the Cloudflare API failed." });
    }
    const [output, code = 0] = this.#answer(config === "app" ? "app" : "gateway", args);
    return Promise.resolve({ code, output });
  };

  #answer(worker: "gateway" | "app", args: readonly string[]): [string, number?] {
    const tag = args[args.indexOf("--tag") + 1];
    const id = args[args.length - 1] ?? "";
    const command = args.slice(0, args[0] === "r2" || args[0] === "kv" ? 3 : 2).join(" ");
    switch (command) {
      case "whoami --json":
        return this.isLoggedIn ? ["{}"] : ["not authenticated", 1];
      case "r2 bucket list":
        return this.hasR2
          ? [`Listing buckets...\n${this.buckets.map((name) => `name:           ${name}\n`).join("\n")}`]
          : ["✘ [ERROR] Please enable R2 through the Cloudflare Dashboard. [code: 10042]", 1];
      case "r2 bucket create":
        return [`made ${this.buckets.push(id)}`];
      case "d1 list":
        return [JSON.stringify(this.databases.map((name) => ({ name, uuid: `id-of-${name}` })))];
      case "d1 create":
        return [`made ${this.databases.push(id)}`];
      case "kv namespace list":
        return [` ⛅️ wrangler\n${JSON.stringify(this.caches.map((title) => ({ title, id: `id-of-${title}` })))}\n`];
      case "kv namespace create":
        return [`made ${this.caches.push(id)}`];
      case "secret list":
        return [JSON.stringify(this.secrets.map((name) => ({ name, type: "secret_text" })))];
      case "secret bulk":
        this.secrets.push("JWT_SECRET");
        return ["1 secret"];
      case "deployments list":
        return this.deployments[worker].length === 0
          ? ["✘ [ERROR] This Worker does not exist on your account. [code: 10007]", 1]
          : [
              JSON.stringify(
                this.deployments[worker].map((versions, i) => ({
                  created_on: `2026-11-01T00:00:${String(i).padStart(2, "0")}Z`,
                  versions: versions.map(([version, percentage]) => ({ version_id: version, percentage })),
                })),
              ),
            ];
      case "versions view": {
        const version = this.versions[worker].find((one) => one.id === args[2]);
        return [JSON.stringify({ id: args[2], annotations: version?.tag ? { "workers/tag": version.tag } : {} })];
      }
      case "versions upload":
        return [`Worker Version ID: ${this.upload(worker, tag)}`];
      case "versions deploy":
        this.deployments[worker].push(
          args
            .slice(2, -1)
            .map((spec): [string, number] => [spec.split("@")[0] ?? "", Number.parseInt(spec.split("@")[1] ?? "")]),
        );
        return ["done"];
      default:
        if (args[0] === "deploy") {
          return [`https://roomtone.example.workers.dev\nCurrent Version ID: ${this.deploy(worker, tag)}`];
        }
        if (args[0] === "rollback") this.deployments[worker].push([[args[1] ?? "", 100]]);
        return ["done"];
    }
  }

  get tools(): DeployTools {
    return {
      wrangler: this.wrangler,
      print: (line) => void this.printed.push(line),
      askSecret: (name) => Promise.resolve(`typed-${name}`),
      smoke: (address) => {
        this.smoked.push(address);
        return this.smokeFails ? Promise.reject(new Error("no ack came")) : Promise.resolve();
      },
      awaitVersion: () => Promise.resolve(),
      wait: (ms) => {
        this.printed.push(`waited ${ms} ms`);
        return Promise.resolve();
      },
    };
  }
}
