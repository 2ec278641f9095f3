/** `roomtone sync status|push|pull`: a folder that is the same on every device, over the sync client. */
import { join } from "node:path";
import { gatewayOf, openFileSyncStorage, type SyncClient, type SyncReport } from "@roomtone/client/node";
import type { Command } from "commander";
import { captureDefaults } from "./capture-options.ts";
import { clientMaker, waitNotice } from "./client-maker.ts";
import { plain } from "./plain.ts";
import type { ResultsCommandsDeps } from "./results-commands.ts";
import { SyncFolder } from "./sync-folder.ts";
import { stateFolder } from "./sync-notes.ts";

export interface SyncCommandsDeps extends ResultsCommandsDeps {
  /** Of the command, where it ended well and somebody has to look: 2. */
  readonly exitWith: (code: number) => void;
}

interface Given {
  readonly url: string;
  readonly deleteAll?: true;
}

const collections = ["settings", "knowledge"] as const;
const help = `
The folder holds settings.json (one JSON object) and knowledge/*.md and *.txt; other texts in there are told, and not sent. What the command knows of it is in ${stateFolder}/: leave that alone, and
use one folder for one user. Where another device changed the same document, its version stands in the file, and yours lies beside it as
NAME.conflict-….md: take what you need into the file, delete the conflict's file, and push. Settings are merged by key where nobody has to choose.
Exit code 0: all is the same here and there; 1: it failed, and nothing is lost: run it again; 2: there are conflicts, or something was refused or left.`;

export function addSyncCommands(program: Command, deps: SyncCommandsDeps): void {
  const { clientFor } = clientMaker(program, deps);
  const sync = program.command("sync").description("Keep a folder of settings and documents the same on every device.");
  sync.addHelpText("after", help);
  const command = (name: string, description: string): Command =>
    sync
      .command(name)
      .description(description)
      .argument("[folder]", "default: where you are", ".")
      .option("--url <url>", "the gateway", captureDefaults.url)
      .addHelpText("after", help);

  const within = async (
    path: string,
    given: Given,
    work: (folder: SyncFolder, client: SyncClient) => Promise<void>,
  ): Promise<void> => {
    const results = clientFor(given);
    const folder = await SyncFolder.open(path, gatewayOf(given.url));
    const storage = await openFileSyncStorage(join(path, stateFolder));
    const client = await results
      .sync({
        storage,
        onReset: (name) =>
          deps.print(`The gateway knows no more of what this device had of ${name}: all was taken anew.`),
        onWait: waitNotice(deps.warn),
      })
      .catch(async (cause: unknown) => {
        await storage.close();
        throw cause;
      });
    try {
      await work(folder, client);
    } finally {
      await client.close();
    }
  };
  const run = (client: SyncClient): Promise<SyncReport> => client.run({ collections, signal: deps.signal });
  const written = async (folder: SyncFolder, client: SyncClient, report: SyncReport): Promise<void> => {
    const left = await folder.write(client);
    for (const line of reportLines(report, left)) deps.print(plain(line));
    if (left.length + report.pending.length + report.conflicts.length > 0) deps.exitWith(2);
  };

  command("status", "What differs between the folder and the gateway; changes nothing there.").action(
    async (path: string, given: Given) =>
      within(path, given, async (folder, client) => {
        const { changed, removed, settled, unfit } = await folder.changes();
        for (const { name } of changed) deps.print(plain(`changed here   ${name}`));
        for (const { name } of removed) deps.print(plain(`deleted here   ${name}`));
        for (const { name, why } of unfit) deps.print(plain(`can't be sent   ${name}: ${why}`));
        for (const { collection, id, refused } of client.pending())
          deps.print(plain(`not sent yet   ${collection}/${id}${refused === undefined ? "" : `: ${refused}`}`));
        for (const { collection, id } of client.conflicts()) deps.print(plain(`conflict       ${collection}/${id}`));
        const status = await client.status(deps.signal);
        for (const name of collections) {
          const { documents, open_conflicts } = status.collections[name];
          deps.print(`${name}: ${documents} at the gateway, ${open_conflicts} in conflict`);
        }
        const isSame = changed.length + removed.length + settled.length + unfit.length + client.pending().length === 0;
        if (!isSame || client.conflicts().length > 0) deps.exitWith(2);
      }),
  );
  command("push", "Send what changed in the folder, and take what is new.")
    .option("--delete-all", "where every file is gone: delete them everywhere")
    .action(async (path: string, given: Given) =>
      within(path, given, async (folder, client) => {
        const changes = await folder.changes();
        await folder.queue(client, changes, given.deleteAll ?? false);
        await client.retryRefused();
        await run(client);
        if (await mergedByKey(client)) deps.print("Settings of two devices were merged by key.");
        await written(folder, client, await run(client));
        for (const { name, why } of changes.unfit) deps.print(plain(`${name} was not sent: ${why}.`));
        if (changes.unfit.length > 0) deps.exitWith(2);
      }),
    );
  command("pull", "Take what is new. Files that you changed are left as they are, for a push.").action(
    async (path: string, given: Given) =>
      within(path, given, async (folder, client) => written(folder, client, await run(client))),
  );
}

/** Settles conflicts of settings in which nobody has to choose. @returns whether there was one. */
async function mergedByKey(client: SyncClient): Promise<boolean> {
  let isMerged = false;
  for (const { conflict_id } of client.conflicts()) {
    const both = client.mergeOf(conflict_id);
    if (!both?.isBaseKnown || both.clashes.length > 0) continue;
    await client.resolve(conflict_id, { merged: { body: both.merged } }, both);
    isMerged = true;
  }
  return isMerged;
}

function reportLines({ pulled, pending, conflicts }: SyncReport, left: readonly string[]): string[] {
  return [
    ...left.map((name) => `left as it is   ${name}: you changed it, and it is not pushed`),
    ...pending.map(
      ({ collection, id, refused }) => `not taken       ${collection}/${id}${refused ? `: ${refused}` : ""}`,
    ),
    ...conflicts.map(({ collection, id }) => `conflict        ${collection}/${id}: your version lies beside it`),
    `${pulled} came; ${conflicts.length} in conflict.`,
  ];
}
