/**
 * `npm run house`: the picture of the tree in README.md is the disk's, and the rooms stay small. Fails with one line for each
 * folder that the picture lacks or invents, each source file that grew past its bound, and each budget that is overdrawn.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { defineCommand } from "./cli/define-command.ts";
import { readOptions } from "./cli/run-command.ts";

/** Lines of TypeScript that a folder may hold: a bound to argue with, not to game. */
const budgets: Readonly<Record<string, number>> = {
  // With the money of the ledger, the shapes of chats and of what devices sync over HTTP, and their bounds. And how JSON is read without a
  // loss, which the gateway and a synced folder do alike. And second looks that were taken back; what of the log can be, for room and page alike.
  // And transcripts of tracks that are made apart and merged. How foreign text is made one line, for the room's documents and a model's.
  // And how a frame of MPEG audio is told from samples that begin near zero.
  schemas: 7_750,
  // Versions of a result, its corrections after the end, the bounds of those who come in, what is told of each piece of work, and how a filter
  // that names nothing and audio that the resolver refuses are told are all rules of the room;
  // what of it R2 brings back when its storage is lost, and a second look at who spoke, with the pairing of its voices and all that may go wrong.
  // What R2 lacks is found without an index, the tables of rooms of before are views, and a second look can be taken back.
  // What a read put together is kept by track. A name that comes while its window is away is not lost.
  // A row behind R2 leaves its page. What may be kept says by what it is another answer.
  // Frames that come together are a turn of the thread, and windows of all its rooms a line.
  "server/gateway": 19_600,
  // Asking meetings (the index, models that write, the rules of the one that quotes, kept chats), a ledger with its sums and batches, and a
  // model that takes part in meetings: its turns, its providers' wires, and the room as it sees it. How the installation runs, with alerts.
  // And what devices sync: documents, bodies, words, and what their words answer. What is kept in R2, tallied for the ledger. Since when captions,
  // quotas and models are in trouble; stores that fail, and receivers that take nothing. An interviewer that is heard over noise.
  // What is said for good is heard first, and what was heard ahead is remembered.
  // What a model answers with 200 is looked at before it goes out or is kept. What is said while a model answers is heard once.
  // What is deleted while work on it goes on stays gone, and what a kill keeps from a list is told to it later. What meetings that were paid for are called.
  "server/app": 19_580,
  // With a resolver of its own: the front of a model, a projection, and who speaks by two minutes of what was heard.
  // Two who talk at once, also while they do, and what all voices in a meeting room share.
  "server/inference": 4_840,
  // With what is told of the running system: lines, counts, alerts.
  "server/shared": 6_300,
  // Asking meetings, in the library, the command and the console; and talking with a model. Documents that are the same on every device, and a folder of them.
  // A second look at who speaks, asked for from a page and from a command, what it came to, and its end.
  // And the states of a page that are rare, each with words of its own.
  // Answers that are empty or cut are told from whole ones, and tokens age by what passed.
  // A bar and tables of a small screen.
  // A command says which address it asked, and ends where nobody reads it.
  client: 23_590,
  // The local runtime keeps promises that a deployment's platform keeps: scrubbed files, orphans, restarts, readable logs.
  // Environments, deploys that look first and go back by themselves, and recovery are programs of their own; so are what learns voices, what proves the ledger, and a profile.
  // A drill that breaks storage and brings it back, and a bench with contestants, a load generator and a counter of what a bill is made of.
  // And one of what a participant adds to its model.
  // A drill of outages deploys a bad version, takes away what a running meeting stands on, and tells where and when each was seen and over.
  // The cost of a chunk by statement. And what a start need not do again: digests of files, and what the app is made of.
  // The threshold of a speaker model that somebody brings, and the longest errors cut out to be heard.
  // Every command refuses arguments that it has not or that would do nothing.
  // What tells two who talk at once, from several mixes of everybody, and what a meeting room adds to voices, is learned by commands of their own.
  // What of a room's SQLite is in use.
  // One way to ask a gateway, with a sentence for whatever else answers.
  // A look whether the inference service is there begins none. Which builds stay.
  // A profile can end with the last ack; what is measured stands beside the least that durable can be.
  scripts: 16_560,
};
const maxSourceLines = 300;
const maxTestLines = 420;
/** Tables, and data that a program wrote. */
const mayBeLong =
  /^(schemas\/limits\.ts|schemas\/published\/|server\/shared\/diarizer\/model-data\.ts|server\/inference\/voices\/projection-data\.ts|test\/room\/access-matrix\.test\.ts)/;
const maxFilesInLib = 10;

readOptions(
  defineCommand({
    name: "npm run house --",
    description: "Whether the picture of the tree in README.md is the disk's, and every room within its budget.",
  }),
);

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((path) => path !== "");
const sources = files.filter((path) => /\.(ts|tsx)$/.test(path) && !path.endsWith(".d.ts"));
const lineCounts = new Map(sources.map((path) => [path, readFileSync(path, "utf8").split("\n").length - 1]));

function longFiles(): string[] {
  return [...lineCounts].flatMap(([path, lines]) => {
    const max = path.startsWith("test/") ? maxTestLines : maxSourceLines;
    return lines <= max || mayBeLong.test(path) ? [] : [`${path} has ${lines} lines, of ${max}: split it by concern.`];
  });
}

function overdrawn(): string[] {
  return Object.entries(budgets).flatMap(([folder, budget]) => {
    const inside = [...lineCounts].filter(([path]) => path.startsWith(`${folder}/`));
    const lines = inside.reduce((sum, [, count]) => sum + count, 0);
    return lines <= budget ? [] : [`${folder}/ has ${lines} lines, of a budget of ${budget}.`];
  });
}

function crowdedLibs(): string[] {
  const counts = new Map<string, number>();
  for (const path of sources) {
    const folder = /^(?:.*\/)?lib(?=\/)/.exec(path)?.[0];
    if (folder) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > maxFilesInLib)
    .map(
      ([folder, count]) => `${folder}/ has ${count} files, of ${maxFilesInLib}: give them the names of what they do.`,
    );
}

/**
 * Folders that the picture shows: a line begins with a folder, or after two blanks with one in the folder above; what follows on
 * it, and on lines that begin further in, names what is inside as `name/`.
 */
function drawnFolders(): Set<string> {
  const picture = /## Where things are\n+```\n([^]*?)```/.exec(readFileSync("README.md", "utf8"))?.[1] ?? "";
  const drawn = new Set<string>();
  let top = "";
  let current = "";
  for (const line of picture.split("\n")) {
    const [head = "", indent = "", name = ""] = /^( {0,2})([a-z][\w-]*)\/(?= |$)/.exec(line) ?? [];
    if (head !== "") {
      current = indent === "" ? name : `${top}/${name}`;
      if (indent === "") top = name;
      drawn.add(current);
    }
    for (const [, inner = ""] of line.slice(head.length).matchAll(/(?<=^|[\s,(])([a-z][a-z0-9-]*)\//g))
      drawn.add(`${current}/${inner}`);
  }
  return drawn;
}

function untruePicture(): string[] {
  const drawn = drawnFolders();
  const onDisk = new Set(
    files.flatMap((path) => {
      const parts = path.split("/").slice(0, -1);
      return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
    }),
  );
  const invented = [...drawn]
    .filter((path) => !onDisk.has(path))
    .map((path) => `README.md draws ${path}/, which is not there.`);
  // A folder that the picture opens is drawn whole.
  const opened = new Set(
    [...drawn].flatMap((path) => (path.includes("/") ? [path.split("/").slice(0, -1).join("/")] : [])),
  );
  const missing = [...onDisk]
    .filter((path) => !path.startsWith(".") && !drawn.has(path))
    .filter((path) => !path.includes("/") || opened.has(path.split("/").slice(0, -1).join("/")))
    .map((path) => `README.md does not draw ${path}/.`);
  return [...invented, ...missing];
}

const problems = [...untruePicture(), ...longFiles(), ...overdrawn(), ...crowdedLibs()];
for (const line of problems) console.error(line);
if (problems.length > 0) process.exit(1);
console.log(`the picture is the disk's; ${sources.length} files within their bounds`);
