/** `roomtone sync` on folders in which somebody put what is no plain document of its own: nothing is deleted, mixed up or passed over for it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { Command } from "commander";
import { addSyncCommands } from "../../../client/cli/sync-commands.ts";
import { syncOverHttp } from "./sync-over-http.ts";
import { newWorld } from "./world.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

async function device(url?: string) {
  if (url === undefined) {
    const user = newWorld().wake();
    const http = await syncOverHttp(
      () => user,
      () => undefined,
    );
    undo.push(
      () => http.server.closeAllConnections(),
      () => void http.server.close(),
    );
    ({ url } = http);
  }
  const path = mkdtempSync(join(tmpdir(), "roomtone-sync-faults-"));
  undo.push(() => rmSync(path, { recursive: true, force: true }));
  mkdirSync(join(path, "knowledge"));
  const run = async (...args: string[]): Promise<{ code: number; lines: string[] }> => {
    const lines: string[] = [];
    let code = 0;
    const program = new Command().exitOverride();
    addSyncCommands(program, {
      env: {},
      signal: new AbortController().signal,
      print: (line) => lines.push(line),
      warn: () => undefined,
      onGateway: () => undefined,
      exitWith: (given) => {
        code = given;
      },
    });
    const [name = "", ...rest] = args;
    await program.parseAsync(["sync", name, path, "--url", url, ...rest], { from: "user" });
    return { code, lines };
  };
  return {
    url,
    path,
    run,
    write: (name: string, text: string) => writeFileSync(join(path, name), text),
    read: (name: string) => readFileSync(join(path, name), "utf8"),
  };
}

it("[SY14] a document whose file became a link is the link's text, and deleted nowhere", async () => {
  const laptop = await device();
  laptop.write("knowledge/plan.md", "The plan.");
  laptop.write("knowledge/other.md", "Other.");
  await laptop.run("push");
  const elsewhere = join(laptop.path, "elsewhere.md");
  writeFileSync(elsewhere, "The plan, kept elsewhere.");
  rmSync(join(laptop.path, "knowledge/plan.md"));
  symlinkSync(elsewhere, join(laptop.path, "knowledge/plan.md"));
  expect((await laptop.run("push")).code).toBe(0);
  const phone = await device(laptop.url);
  await phone.run("pull");
  expect(phone.read("knowledge/plan.md")).toBe("The plan, kept elsewhere.");
});

it("[SY14] a link that leads nowhere, or a folder in a document's place, is told, and the document stays", async () => {
  const laptop = await device();
  laptop.write("knowledge/plan.md", "The plan.");
  laptop.write("knowledge/other.md", "Other.");
  await laptop.run("push");
  rmSync(join(laptop.path, "knowledge/plan.md"));
  symlinkSync(join(laptop.path, "a drive that is not there"), join(laptop.path, "knowledge/plan.md"));
  rmSync(join(laptop.path, "knowledge/other.md"));
  mkdirSync(join(laptop.path, "knowledge/other.md"));
  const { code, lines } = await laptop.run("push");
  expect(code).toBe(2);
  expect(lines).toEqual(
    expect.arrayContaining([
      "plan.md was not sent: it is a link that leads nowhere.",
      "other.md was not sent: it is a folder.",
    ]),
  );
  const phone = await device(laptop.url);
  await phone.run("pull");
  expect([phone.read("knowledge/plan.md"), phone.read("knowledge/other.md")]).toEqual(["The plan.", "Other."]);
});

it("[SY14] what lies among the documents and is not sent is told: other endings, folders, hidden files", async () => {
  const laptop = await device();
  laptop.write("knowledge/plan.md", "The plan.");
  laptop.write("knowledge/NOTES.TXT", "Notes of a camera.");
  laptop.write("knowledge/readme.markdown", "Also a text.");
  laptop.write("knowledge/._plan.md", "what a Mac leaves on a network drive");
  mkdirSync(join(laptop.path, "knowledge/2026"));
  writeFileSync(join(laptop.path, "knowledge/2026/january.md"), "January.");
  const { code, lines } = await laptop.run("push");
  expect(code).toBe(2);
  expect(lines.filter((line) => line.includes("was not sent"))).toEqual([
    "2026 was not sent: it is a folder.",
    "NOTES.TXT was not sent: only names that end in .md or .txt are documents.",
    "readme.markdown was not sent: only names that end in .md or .txt are documents.",
  ]);
});

it("[SY14] two files whose names are written in two ways, and look the same, stay two", async () => {
  const laptop = await device();
  laptop.write("knowledge/caf\u00e9.md", "composed");
  await laptop.run("push");
  laptop.write("knowledge/cafe\u0301.md", "decomposed");
  const { code, lines } = await laptop.run("push");
  expect(laptop.read("knowledge/caf\u00e9.md")).toBe("composed");
  expect(laptop.read("knowledge/cafe\u0301.md")).toBe("decomposed");
  expect(code).toBe(2);
  expect(lines.join("\n")).toMatch(/was not sent: another file has the same name, written in another way\./);
});

it("[SY14] a half-written file of somebody's is not taken for the command's own", async () => {
  const laptop = await device();
  laptop.write("knowledge/plan.md", "The plan.");
  await laptop.run("push");
  const phone = await device(laptop.url);
  phone.write("knowledge/plan.md.tmp", "mine");
  await phone.run("pull");
  expect(phone.read("knowledge/plan.md.tmp")).toBe("mine");
});

it("[SY14] notes that a power cut damaged are told, with what to do", async () => {
  const laptop = await device();
  laptop.write("knowledge/plan.md", "The plan.");
  await laptop.run("push");
  for (const text of [
    "",
    "null",
    '{"gateway": 1}',
    '{"gateway":"x","files":{"knowledge/plan.md":{"name":"../../x"}},"conflicts":{}}',
  ]) {
    laptop.write(".roomtone-sync/written.json", text);
    await expect(laptop.run("push")).rejects.toThrow(/written\.json is damaged.*Move \.roomtone-sync away/);
  }
});
