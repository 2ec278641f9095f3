/** The operator's commands that ask a gateway, as a shell sees them where none answers, or something that is none. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";

let answer: (response: ServerResponse) => void = () => undefined;
const server: Server = createServer((_request, response) => answer(response));
let base = "";
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

/** Each ends with the option that names the gateway. */
const commands: [string, ...string[]][] = [
  ["scripts/trace.ts", "board-7", "--base-http"],
  ["scripts/rebuild.ts", "--base-http"],
  ["scripts/billing.ts", "reconcile", "--url"],
];

interface Ended {
  readonly out: string;
  readonly err: string;
}

/** @returns what it said; it must have failed. */
function failed(command: readonly string[], url: string, ...more: readonly string[]): Promise<Ended> {
  const { ROOMTONE_API_KEY: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...command, url, ...more], { env }, (error, out, err) =>
      error === null ? reject(new Error(`${command.join(" ")} did not fail: ${out}`)) : resolve({ out, err }),
    );
  });
}

/** One line, which says all. */
async function sentenceOf(command: readonly string[], url: string, ...more: readonly string[]): Promise<string> {
  const { out, err } = await failed(command, url, ...more);
  expect(out).toBe("");
  expect(err).toMatch(/^[^\n]+\.\n$/);
  expect(err.trimEnd()).not.toMatch(/[\p{Cc}\u202e]/u);
  return err;
}

test.each(commands)(
  "[V4] %s says where nobody answers, and what to do",
  async (...command) => {
    // Nothing listens there: it listened a moment ago.
    const gone = createServer();
    gone.listen(0, "127.0.0.1");
    await once(gone, "listening");
    const url = `http://127.0.0.1:${(gone.address() as AddressInfo).port}/`;
    await new Promise((resolve) => gone.close(resolve));
    const said = await sentenceOf(command, url);
    expect(said).toContain(`No gateway answers at ${url} (connect ECONNREFUSED`);
    expect(said).toContain(`start one with npm start, or say where it is with ${command.at(-1)}.`);
  },
  60_000,
);

test.each(commands)(
  "[V4] %s hands on no page of what is no gateway",
  async (...command) => {
    for (const status of [200, 404, 501]) {
      answer = (response) => response.writeHead(status).end("<!DOCTYPE html>\n<h1>\u001b[2JAll is well</h1>");
      const said = await sentenceOf(command, base);
      expect(said).toContain(`What answers at ${base} (HTTP ${status}) is no gateway`);
      expect(said).not.toContain("All is well");
    }
  },
  60_000,
);

test.each(commands)(
  "[V4] %s says what the gateway says, and which credential is missing",
  async (...command) => {
    const detail = "Send an API key.\u001b[2J\nAll is well.";
    const problem = { type: "about:blank", title: "x", status: 401, detail, code: "unauthorized", trace_id: "0" };
    answer = (response) => response.writeHead(401).end(JSON.stringify(problem));
    const said = await sentenceOf(command, base);
    expect(said).toContain("The gateway answered 401 unauthorized: Send an API key.");
    expect(said).toContain("Set ROOMTONE_API_KEY, or give --token.");
    expect(await sentenceOf(command, base, "--token", "rt_x")).not.toContain("ROOMTONE_API_KEY");
  },
  60_000,
);
