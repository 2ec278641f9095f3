/** A CPU profile as V8 gives it, and who had the time in it: https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-Profile */
import * as z from "zod";

export const cpuProfileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({
        functionName: z.string(),
        scriptId: z.string(),
        url: z.string(),
        /** From 0. */
        lineNumber: z.number(),
        columnNumber: z.number(),
      }),
      children: z.array(z.number()).optional(),
    }),
  ),
  startTime: z.number(),
  endTime: z.number(),
  samples: z.array(z.number()),
  /** Before each sample, µs. */
  timeDeltas: z.array(z.number()),
});
export type CpuProfile = z.infer<typeof cpuProfileSchema>;

export interface Share {
  /** A function as `name file`. */
  readonly name: string;
  /** While it was on top of the stack, ms. */
  readonly selfMs: number;
  /** While it was anywhere on it, ms. */
  readonly allMs: number;
}

/** Not of the program: nothing runs, or something that is no JavaScript of this Worker. */
const outside: ReadonlySet<string> = new Set(["(idle)", "(program)", "(root)"]);

/**
 * @param fileAt the source of a bundle's line, from 0; undefined where it is none of ours.
 * @returns each function's share, the one with the most self time first.
 */
export function sharesOf(profile: CpuProfile, fileAt: FileAt): Share[] {
  const { samples, timeDeltas } = profile;
  const { nameOf, parentOf } = treeOf(profile, fileAt);
  const shares = new Map<string, { selfMs: number; allMs: number }>();
  const shareOf = (name: string): { selfMs: number; allMs: number } => {
    const known = shares.get(name) ?? { selfMs: 0, allMs: 0 };
    shares.set(name, known);
    return known;
  };
  for (const [i, sample] of samples.entries()) {
    const ms = (timeDeltas[i] ?? 0) / 1_000;
    for (const name of stackOf(sample, nameOf, parentOf)) shareOf(name).allMs += ms;
    shareOf(nameOf.get(sample) ?? "?").selfMs += ms;
  }
  return [...shares]
    .filter(([name]) => !isOutside(name))
    .map(([name, times]) => ({ name, ...times }))
    .toSorted((a, b) => b.selfMs - a.selfMs);
}

/**
 * @param ownerOf whose work a function of that file is; undefined where it is of whoever called it, as a package's is.
 * @returns how long each owner worked, with all that it called, up to where that is another owner's, ms: who runs the work of others, within
 * its trace for one, is not charged with it.
 */
export function timeOfOwners(
  profile: CpuProfile,
  fileAt: FileAt,
  ownerOf: (file: string) => string | undefined,
): ReadonlyMap<string, number> {
  const { samples, timeDeltas } = profile;
  const { nameOf, parentOf } = treeOf(profile, fileAt);
  const times = new Map<string, number>();
  for (const [i, sample] of samples.entries()) {
    for (let id: number | undefined = sample; id !== undefined; id = parentOf.get(id)) {
      const owner = ownerOf(fileOf(nameOf.get(id) ?? "?"));
      if (owner === undefined) continue;
      times.set(owner, (times.get(owner) ?? 0) + (timeDeltas[i] ?? 0) / 1_000);
      break;
    }
  }
  return times;
}

const fileOf = (name: string): string => name.slice(name.lastIndexOf(" ") + 1);

type FileAt = (url: string, line: number) => string | undefined;

const isOutside = (name: string): boolean => outside.has(name.split(" ", 1).join());

function stackOf(
  sample: number,
  nameOf: ReadonlyMap<number, string>,
  parentOf: ReadonlyMap<number, number>,
): ReadonlySet<string> {
  const stack = new Set<string>();
  for (let id: number | undefined = sample; id !== undefined; id = parentOf.get(id)) stack.add(nameOf.get(id) ?? "?");
  return stack;
}

function treeOf(
  { nodes }: CpuProfile,
  fileAt: FileAt,
): { readonly nameOf: ReadonlyMap<number, string>; readonly parentOf: ReadonlyMap<number, number> } {
  const nameOf = new Map<number, string>();
  const parentOf = new Map<number, number>();
  for (const { id, callFrame, children } of nodes) {
    const { functionName, url, lineNumber } = callFrame;
    const file = fileAt(url, lineNumber) ?? url;
    const own = functionName === "" ? "(anonymous)" : functionName.replaceAll(" ", "_");
    nameOf.set(id, file === "" ? own : `${own} ${file}`);
    for (const child of children ?? []) parentOf.set(child, id);
  }
  return { nameOf, parentOf };
}

/** @returns what `fileAt` is, of a bundle whose modules each begin with a comment that names their file, as esbuild writes them. */
export function filesOfBundle(source: string): (line: number) => string | undefined {
  const starts: { readonly line: number; readonly file: string }[] = [];
  for (const [line, text] of source.split("\n").entries()) {
    const file = /^\/\/ ((?:node_modules|server|schemas)\/[\w./@-]+\.\w+)$/.exec(text)?.[1];
    if (file !== undefined) starts.push({ line, file });
  }
  return (line) => starts.findLast((start) => start.line <= line)?.file;
}
