/**
 * What is wrong with the names in a Worker's environment: bindings that are missing, variables that nobody reads. Said once
 * for each isolate, in the log, where a deployment's operator looks. Values are never looked at.
 */
import type { Log } from "../../telemetry/log.ts";
import { bindingTable, variablesOf, type WorkerName } from "./table.ts";
import { meantBy } from "./unknown-variables.ts";

const workerTitles: Readonly<Record<WorkerName, string>> = { gateway: "the gateway", app: "the app" };

export interface NameIssue {
  readonly event: "config.binding_missing" | "config.variable_unknown";
  readonly name: string;
  readonly hint: string;
}

export function nameIssues(env: object, worker: WorkerName): NameIssue[] {
  const missing = bindingTable.filter(
    (row) => row.worker === worker && row.isRequired && !Object.hasOwn(env, row.name),
  );
  const known = variablesOf(worker);
  const texts = Object.entries(env).flatMap(([name, value]) =>
    typeof value === "string" && value !== "" ? [name] : [],
  );
  return [
    ...missing.map(({ name, kind }): NameIssue => {
      return { event: "config.binding_missing", name, hint: `${kind}: docs/cloudflare-bindings.md` };
    }),
    ...texts
      .filter((name) => !known.includes(name))
      .toSorted()
      .map((name): NameIssue => ({ event: "config.variable_unknown", name, hint: hintFor(name, worker) })),
  ];
}

function hintFor(name: string, worker: WorkerName): string {
  const other: WorkerName = worker === "gateway" ? "app" : "gateway";
  if (variablesOf(other).includes(name)) return `a variable of ${workerTitles[other]}: set it there`;
  const meant = meantBy(name, [...variablesOf(worker), ...variablesOf(other)]);
  return meant === undefined ? "the variables are in docs/reference.md" : `did you mean ${meant}?`;
}

/** @returns what an entry of a Worker calls with each request: the first call alone does something. */
export function environmentCheck(worker: WorkerName, log: Pick<Log, "warn" | "error">): (env: object) => void {
  let isDone = false;
  return (env) => {
    if (isDone) return;
    isDone = true;
    for (const { event, name, hint } of nameIssues(env, worker)) {
      log[event === "config.binding_missing" ? "error" : "warn"](event, { name, hint });
    }
  };
}
