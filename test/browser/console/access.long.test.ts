/** The console of a gateway that asks who one is: with a key, with a token that ends, with a link that somebody shared. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import jsonwebtoken from "jsonwebtoken";
import { expect, test, vi } from "vitest";
import { createResultsClient } from "../../../client/index.ts";
import { readsTypeScript } from "../../../scripts/local/reads-typescript.ts";
import { newSession } from "../../support/gateway-http.ts";
import { fakeMicrophone } from "../support/fake-microphone.ts";
import { noiseOf } from "../support/known-noise.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { useConsole } from "../support/use-console.ts";

const secret = "a-secret-of-this-test-at-least-32-bytes-long";
const microphone = fakeMicrophone(noiseOf(20));
const { gateway, open } = useConsole({
  env: { AUTH_MODE: "required", JWT_SECRET: secret },
  args: microphone.args,
});
// A token ends meanwhile, and a key is made by a command.
vi.setConfig({ testTimeout: 120_000 });
const run = promisify(execFile);

async function createKey(): Promise<string> {
  const env = { ...process.env, STATE_DIR: gateway.stateDir };
  const command = [
    ...readsTypeScript,
    "scripts/keys.ts",
    "create",
    "--tenant",
    "default",
    "--name",
    "console",
    "--scope",
    "admin",
  ];
  return (await run(process.execPath, command, { env })).stdout.trim();
}

function tokenFor(session: string, lifetimeS: number): string {
  const claims = { sub: "ada", session_id: session, role: "edit" };
  return jsonwebtoken.sign(claims, secret, { algorithm: "HS256", expiresIn: lifetimeS });
}

/** What a browser says of an answer that refuses. */
const refusal = /status of 401/;

test.skipIf(isWithoutBrowser)(
  "a key is asked for, kept for the tab alone, and records through tokens of its own",
  async () => {
    const { page, errors, outside } = await open();
    const dialog = page.getByRole("dialog", { name: "Who are you?" });
    await dialog.getByLabel("API key or token").fill("rt_ no key");
    await dialog.getByRole("button", { name: "Go on" }).click();
    await dialog.getByText("neither an API key").waitFor();
    await dialog.getByLabel("API key or token").fill(`rt_${"a".repeat(12)}_${"b".repeat(43)}`);
    await dialog.getByRole("button", { name: "Go on" }).click();
    await dialog.getByText("does not know this key").waitFor();
    await dialog.getByLabel("API key or token").fill(await createKey());
    await dialog.getByRole("button", { name: "Go on" }).click();
    await page.getByText("Nothing here yet.").waitFor();

    await page.getByRole("link", { name: "Record", exact: true }).click();
    await page.getByRole("button", { name: "Start recording" }).click();
    await page.getByText(/[2-9] s kept/).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator(".pill.is-finalized").waitFor();

    const stored = await page.evaluate(() => Object.keys(localStorage).map((key) => localStorage.getItem(key)));
    expect(stored.join(), "no credential outlives the tab").not.toMatch(/rt_|eyJ/);
    expect(page.url()).not.toMatch(/rt_|eyJ/);
    await page.reload();
    await page.locator(".pill.is-finalized").waitFor();
    expect({ outside, errors: errors.filter((line) => !refusal.test(line)) }).toEqual({ outside: [], errors: [] });
  },
);

test.skipIf(isWithoutBrowser)(
  "a shared link opens its meeting alone; when its token ends, another goes on",
  async () => {
    const session = newSession();
    await createResultsClient({ baseUrl: gateway.url, token: await createKey() }).createSession({
      session_id: session,
      title: "Shared with Ada",
    });
    const { page } = await open(`#/m/${session}?token=${tokenFor(session, 8)}`);
    await page.getByRole("heading", { name: "Shared with Ada" }).waitFor();
    expect(page.url(), "the token left the address").toBe(`${gateway.url}/#/m/${session}`);
    const dialog = page.getByRole("dialog", { name: "Who are you?" });
    await dialog.getByText("Your token has ended.").waitFor();
    await dialog.getByLabel("API key or token").fill(tokenFor(session, 60));
    await dialog.getByRole("button", { name: "Go on" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.locator(".pill.is-open").waitFor();
    // The list of meetings is not for this token: its meeting is.
    await page.getByRole("link", { name: "Meetings", exact: true }).click();
    await page.getByRole("heading", { name: "Shared with Ada" }).waitFor();
  },
);
