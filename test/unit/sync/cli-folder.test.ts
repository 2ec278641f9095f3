/** `roomtone sync` on folders of two devices, against the server's documents over HTTP. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, describe, expect, it } from "vitest";
import { addSyncCommands } from "../../../client/cli/sync-commands.ts";
import { conflictFile, fileOfId, idOfFile } from "../../../client/cli/sync-names.ts";
import { type HttpSync, syncOverHttp } from "./sync-over-http.ts";
import { newWorld } from "./world.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

async function gateway(): Promise<HttpSync> {
  const world = newWorld();
  const user = world.wake();
  const http = await syncOverHttp(
    () => user,
    (sha256) => world.bucket.objects.get(user.bodies.keyOf(sha256)?.key ?? ""),
  );
  undo.push(
    () => http.server.closeAllConnections(),
    () => void http.server.close(),
  );
  return http;
}

class Folder {
  readonly path = mkdtempSync(join(tmpdir(), "roomtone-sync-"));
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
    mkdirSync(join(this.path, "knowledge"));
    undo.push(() => rmSync(this.path, { recursive: true, force: true }));
  }

  /** @returns the exit code, and what was printed. */
  async run(...args: string[]): Promise<{ code: number; lines: string[] }> {
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
    await program.parseAsync(["sync", name, this.path, "--url", this.#url, ...rest], { from: "user" });
    return { code, lines };
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), "utf8");
  }

  has(name: string): boolean {
    return existsSync(join(this.path, name));
  }

  get conflictFiles(): string[] {
    return [...readdirSync(this.path), ...readdirSync(join(this.path, "knowledge"))].filter((name) =>
      /\.conflict-/.test(name),
    );
  }
}

async function twoFolders(): Promise<{ laptop: Folder; phone: Folder; http: HttpSync }> {
  const http = await gateway();
  return { laptop: new Folder(http.url), phone: new Folder(http.url), http };
}

describe("[SY14] roomtone sync", () => {
  it("brings files of one device to another: new, changed and deleted ones, whatever their names", async () => {
    const { laptop, phone } = await twoFolders();
    laptop.write("settings.json", '{"theme":"dark"}');
    laptop.write("knowledge/kiln.md", "1,240 degrees");
    laptop.write("knowledge/Über Glasur & Ton.txt", "Glaze rests.");
    laptop.write("knowledge/long.txt", "long ".repeat(20_000));
    expect((await laptop.run("status")).code).toBe(2);
    expect((await laptop.run("push")).code).toBe(0);
    expect((await laptop.run("status")).code).toBe(0);
    expect((await phone.run("pull")).code).toBe(0);
    expect(phone.read("knowledge/Über Glasur & Ton.txt")).toBe("Glaze rests.");
    expect(phone.read("knowledge/long.txt")).toHaveLength(100_000);
    expect(JSON.parse(phone.read("settings.json"))).toEqual({ theme: "dark" });
    phone.write("knowledge/kiln.md", "1,260 degrees");
    rmSync(join(phone.path, "knowledge/long.txt"));
    expect((await phone.run("push")).code).toBe(0);
    expect((await laptop.run("pull")).code).toBe(0);
    expect(laptop.read("knowledge/kiln.md")).toBe("1,260 degrees");
    expect(laptop.has("knowledge/long.txt")).toBe(false);
    // Its own layout stays as somebody wrote it.
    expect(laptop.read("settings.json")).toBe('{"theme":"dark"}');
  });

  it("keeps both versions side by side until one takes the conflict's file away, and pushes", async () => {
    const { laptop, phone } = await twoFolders();
    laptop.write("knowledge/kiln.md", "hot");
    await laptop.run("push");
    await phone.run("pull");
    laptop.write("knowledge/kiln.md", "hotter");
    phone.write("knowledge/kiln.md", "colder");
    expect((await laptop.run("push")).code).toBe(0);
    // A pull writes over nothing that somebody changed.
    const pulled = await phone.run("pull");
    expect([pulled.code, phone.read("knowledge/kiln.md")]).toEqual([2, "colder"]);
    const pushed = await phone.run("push");
    expect(pushed.code).toBe(2);
    expect(pushed.lines.join("\n")).toContain("your version lies beside it");
    expect(phone.read("knowledge/kiln.md")).toBe("hotter");
    const [name = ""] = phone.conflictFiles;
    expect(phone.read(`knowledge/${name}`)).toBe("colder");
    await laptop.run("pull");
    expect(laptop.conflictFiles).toEqual([name]);
    phone.write("knowledge/kiln.md", "just right");
    rmSync(join(phone.path, "knowledge", name));
    expect((await phone.run("push")).code).toBe(0);
    expect((await laptop.run("pull")).code).toBe(0);
    expect([laptop.read("knowledge/kiln.md"), laptop.conflictFiles]).toEqual(["just right", []]);
  });

  it("merges settings by key where nobody has to choose, and leaves them in conflict where somebody has to", async () => {
    const { laptop, phone } = await twoFolders();
    laptop.write("settings.json", '{"theme":"dark","size":1}');
    await laptop.run("push");
    await phone.run("pull");
    laptop.write("settings.json", '{"theme":"light","size":1}');
    phone.write("settings.json", '{"theme":"dark","size":2}');
    await laptop.run("push");
    expect((await phone.run("push")).code).toBe(0);
    await laptop.run("pull");
    for (const folder of [laptop, phone])
      expect(JSON.parse(folder.read("settings.json"))).toEqual({ theme: "light", size: 2 });
    laptop.write("settings.json", '{"theme":"red","size":2}');
    phone.write("settings.json", '{"theme":"blue","size":2}');
    await laptop.run("push");
    expect((await phone.run("push")).code).toBe(2);
    expect(phone.conflictFiles).toHaveLength(1);
  });

  it("refuses to delete everything unless it is meant, another gateway's folder, and settings that are none", async () => {
    const { laptop } = await twoFolders();
    laptop.write("knowledge/a.md", "a");
    laptop.write("knowledge/b.md", "b");
    await laptop.run("push");
    rmSync(join(laptop.path, "knowledge"), { recursive: true });
    await expect(laptop.run("push")).rejects.toThrow("--delete-all");
    expect((await laptop.run("push", "--delete-all")).code).toBe(0);
    laptop.write("settings.json", "[1]");
    await expect(laptop.run("push")).rejects.toThrow("settings.json is not one JSON object");
    await expect(laptop.run("pull", "--url", "http://127.0.0.1:1")).rejects.toThrow("is synced with");
  });

  it("gives each document a file of its own, though their ids lead to one name or differ in case alone", async () => {
    const { laptop, phone, http } = await twoFolders();
    await fetch(`${http.url}/v1/sync/knowledge`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        device_id: "page",
        changes: [
          { id: "notes", title: "n", media_type: "text/markdown", body: "one" },
          { id: "notes.md", title: "n", media_type: "text/markdown", body: "two" },
          { id: "NOTES.md", title: "n", media_type: "text/markdown", body: "three" },
        ],
      }),
    });
    // Somebody's own, not sent yet, of the name that one of them would have.
    laptop.write("knowledge/Notes.md", "mine");
    expect((await laptop.run("pull")).code).toBe(0);
    const texts = (): string[] =>
      readdirSync(join(laptop.path, "knowledge")).map((name) => laptop.read(`knowledge/${name}`));
    expect(texts().toSorted()).toEqual(["mine", "one", "three", "two"]);
    expect(laptop.read("knowledge/Notes.md")).toBe("mine");
    expect((await laptop.run("push")).code).toBe(0);
    expect((await laptop.run("status")).code).toBe(0);
    expect(texts().toSorted()).toEqual(["mine", "one", "three", "two"]);
    expect((await phone.run("pull")).code).toBe(0);
    const folded = readdirSync(join(phone.path, "knowledge")).map((name) => name.toLowerCase());
    expect([folded.length, new Set(folded).size]).toEqual([4, 4]);
  });

  it("heals a folder in which an earlier version wrote two documents into one file, and deletes neither", async () => {
    const { laptop, phone } = await twoFolders();
    laptop.write("knowledge/a.md", "a");
    laptop.write("knowledge/b.md", "b");
    await laptop.run("push");
    await phone.run("pull");
    const notes = phone.read(".roomtone-sync/written.json").replace('"name": "a.md"', '"name": "b.md"');
    phone.write(".roomtone-sync/written.json", notes);
    rmSync(join(phone.path, "knowledge/a.md"));
    expect((await phone.run("push")).code).toBe(0);
    expect([phone.read("knowledge/a.md"), phone.read("knowledge/b.md")]).toEqual(["a", "b"]);
    await laptop.run("pull");
    expect([laptop.read("knowledge/a.md"), laptop.read("knowledge/b.md")]).toEqual(["a", "b"]);
  });

  it("sends no other words than a file has: what is no UTF-8 stays, is told, and is neither deleted nor written over", async () => {
    const { laptop, phone } = await twoFolders();
    const latin = Buffer.from("Jos\xE9", "latin1");
    laptop.write("knowledge/ok.md", "ok");
    writeFileSync(join(laptop.path, "knowledge/jose.md"), latin);
    writeFileSync(join(laptop.path, "knowledge/wide.txt"), Buffer.from("\uFEFFhi", "utf16le"));
    const pushed = await laptop.run("push");
    expect(pushed.code).toBe(2);
    expect(pushed.lines).toEqual(
      expect.arrayContaining([
        "jose.md was not sent: it is no UTF-8 text.",
        "wide.txt was not sent: it is no UTF-8 text.",
      ]),
    );
    expect((await phone.run("pull")).code).toBe(0);
    expect(readdirSync(join(phone.path, "knowledge"))).toEqual(["ok.md"]);
    // One that was sent, and is none any more.
    writeFileSync(join(laptop.path, "knowledge/ok.md"), latin);
    expect((await laptop.run("push")).code).toBe(2);
    expect((await phone.run("pull")).code).toBe(0);
    phone.write("knowledge/ok.md", "newer");
    await phone.run("push");
    const pulled = await laptop.run("pull");
    expect([pulled.code, pulled.lines.join("\n")]).toEqual([2, expect.stringContaining("ok.md: you changed it")]);
    expect(readFileSync(join(laptop.path, "knowledge/ok.md"))).toEqual(latin);
  });

  it.each([
    ['{"id":1234567890123456789}', "id is a number"],
    ['{"a":{"b":1,"b":2}}', "a.b stands there twice"],
    ['{"__proto__":{"admin":true}}', "__proto__ is a name"],
    ['{"a":"\\ud800"}', "a holds half of a character"],
  ])("refuses settings of which the gateway would keep something else: %s", async (text, said) => {
    const { laptop, http } = await twoFolders();
    laptop.write("settings.json", text);
    await expect(laptop.run("push")).rejects.toThrow(`settings.json was not sent: ${said}`);
    expect(http.asked.filter((name) => name.startsWith("POST /v1/sync/settings"))).toEqual([]);
    laptop.write("settings.json", '\uFEFF{"fits":1}');
    expect((await laptop.run("push")).code).toBe(0);
  });

  it("goes on after answers that were lost: nothing is there twice, and nothing is in conflict with itself", async () => {
    const { laptop, phone, http } = await twoFolders();
    laptop.write("knowledge/a.md", "a");
    let losses = 2;
    http.loses = (name) => name === "POST /v1/sync/knowledge" && (losses -= 1) >= 0;
    expect((await laptop.run("push")).code).toBe(0);
    expect(http.asked.filter((name) => name === "POST /v1/sync/knowledge").length).toBeGreaterThan(2);
    expect((await phone.run("pull")).code).toBe(0);
    expect([phone.read("knowledge/a.md"), phone.conflictFiles]).toEqual(["a", []]);
  });

  it("has names that stay in their folder, one for each id", () => {
    for (const name of ["a.md", "Über uns.txt", "a~b.md", "-x.txt", "f~x.md"])
      expect(fileOfId(idOfFile(name) ?? "", undefined)).toBe(name);
    for (const id of ["f~..~2fx.md", "f~~2e~2e~2fpasswd.txt", "f~~00.md"]) expect(fileOfId(id, undefined)).toBe(id);
    expect(fileOfId("abc", "text/markdown")).toBe("abc.md");
    for (const name of ["a.pdf", ".a.md", `${"x".repeat(140)}.md`, conflictFile("a.md", "c1")])
      expect(idOfFile(name)).toBeUndefined();
  });
});
