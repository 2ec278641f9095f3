/**
 * What `npm run deploy` does, step by step. Pure. The order follows from the two bindings: neither Worker can name one that is
 * not there, so the first gateway goes without the app. After that the app goes first: it must understand what rooms send
 * before they send it. A roll-back goes the other way round.
 */
export type Worker = "gateway" | "app";

export interface Installed {
  readonly gateway: boolean;
  readonly app: boolean;
}

/** Which configuration wrangler gets; `alone` is the gateway's without the binding to the app. */
export type ConfigName = Worker | "alone";

export interface Step {
  /** A line for the person who waits. */
  readonly says: string;
  readonly config: ConfigName;
  /** Which Worker it changes. */
  readonly worker?: Worker;
  /** wrangler's arguments, besides the configuration. */
  readonly args: readonly string[];
}

export interface DeployChoice {
  /** One Worker instead of both. */
  readonly only?: Worker | undefined;
  /** Rooms take the new code at once: live connections are cut, and resume. */
  readonly now?: boolean | undefined;
}

const atOnce = ["--durable-objects-code-update-mode", "immediate"] as const;

const migrations: Step = {
  says: "The database's tables",
  config: "gateway",
  args: ["d1", "migrations", "apply", "DB", "--remote"],
};

/** @returns a sentence where it can't be done. */
export function planDeploy({ only, now = false }: DeployChoice, installed: Installed): readonly Step[] | string {
  const flags = now ? atOnce : [];
  const gateway: Step = { says: "The gateway", config: "gateway", worker: "gateway", args: ["deploy", ...flags] };
  const alone: Step = {
    says: "The gateway, without the app",
    config: "alone",
    worker: "gateway",
    args: ["deploy", ...flags],
  };
  const app: Step = { says: "The app", config: "app", worker: "app", args: ["deploy"] };
  switch (only) {
    case "app":
      if (!installed.gateway) return "There is no gateway yet: deploy both, without --only.";
      // The gateway has not learned of an app that comes later: its own deploy says so.
      return installed.app ? [app] : [app, gateway];
    case "gateway":
      return [migrations, installed.app ? gateway : alone];
    case undefined:
      if (installed.app) return [migrations, app, gateway];
      return installed.gateway ? [migrations, app, gateway] : [migrations, alone, app, gateway];
  }
}

/** Builds as a deploy would, and sends nothing. */
export function planDryRun({ only }: DeployChoice, folder: string): readonly Step[] {
  const steps: readonly Step[] = [
    { says: "The gateway", config: "gateway", args: ["deploy", "--dry-run", "--outdir", `${folder}/gateway`] },
    {
      says: "The gateway, without the app",
      config: "alone",
      args: ["deploy", "--dry-run", "--outdir", `${folder}/alone`],
    },
    { says: "The app", config: "app", args: ["deploy", "--dry-run", "--outdir", `${folder}/app`] },
  ];
  return steps.filter(({ config }) => only === undefined || (config === "app") === (only === "app"));
}

export interface UploadSize {
  readonly uploadKib: number;
  readonly gzipKib: number;
}

/** The sizes in what wrangler printed; undefined where it names none. */
export function uploadSizeOf(output: string): UploadSize | undefined {
  const [, upload, gzip] = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(output) ?? [];
  return upload === undefined || gzip === undefined ? undefined : { uploadKib: Number(upload), gzipKib: Number(gzip) };
}
