/** A file that a person chooses in the console becomes a meeting. */
import { fileURLToPath } from "node:url";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createResultsClient } from "../../../client/index.ts";
import { wavOf } from "../../support/wav-of.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectClean, patiently, useConsole } from "../support/use-console.ts";

const { gateway, open } = useConsole();
const sample = fileURLToPath(new URL("../../../scripts/demo/sample/interview.wav", import.meta.url));

test.skipIf(isWithoutBrowser)("a WAV file is streamed as it is, sample by sample", async () => {
  const opened = await open();
  const { page } = opened;
  await page.getByLabel("Audio file").setInputFiles(sample);
  await page.getByRole("heading", { name: "interview.wav" }).waitFor();
  await page.locator(".pill.is-finalized").waitFor();
  const [sessionId = ""] = /file-[\w-]+/.exec(page.url()) ?? [];
  const { body } = await createResultsClient({ baseUrl: gateway.url }).audio(sessionId);
  const wav = Buffer.from(await new Response(body).arrayBuffer());
  const given = await readFile(sample);
  expect(wav.subarray(44, given.length).equals(given.subarray(44)), "the samples that were given").toBe(true);
  expectClean(opened);
});

test.skipIf(isWithoutBrowser)("a file without sound is refused with the reason", async () => {
  const { page } = await open();
  const file = { name: "notes.wav", mimeType: "audio/wav", buffer: Buffer.from("no sound at all") };
  await page.getByLabel("Audio file").setInputFiles(file);
  await page
    .getByText("notes.wav can't be streamed. This browser finds no audio that it can decode in the file.")
    .waitFor();
  // No meeting began, beside that of the test before.
  expect(await page.getByText("notes.wav", { exact: true }).count()).toBe(0);
});

test.skipIf(isWithoutBrowser)("[C7] channels of a file that cancel each other out are said", async () => {
  const { page } = await open();
  const left = Float32Array.from({ length: 2 * 48_000 }, (_, i) => 0.3 * Math.sin(i / 9));
  const buffer = Buffer.from(wavOf({ channels: [left, left.map((value) => -value)], rateHz: 48_000 }));
  await page.getByLabel("Audio file").setInputFiles({ name: "opposed.wav", mimeType: "audio/wav", buffer });
  const told = page.getByText(/The channels of the file cancel each other out/);
  await told.waitFor(patiently);
  expect(await told.count()).toBe(1);
});
