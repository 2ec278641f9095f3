/** The examples of the published contract, played once more: what a gateway answers now must be what the documents show. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exampleFiles, examplesFolder, type Recorded } from "../../scripts/contract/examples.ts";
import { recordMeeting } from "../recording/record.ts";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { unlimited } from "../../scripts/local/unlimited.ts";

let gateway: GatewayProcess | undefined;
let recorded: Recorded;

beforeAll(async () => {
  recorded = await recordMeeting(async (variables) => {
    const started = new GatewayProcess({ env: { ...unlimited, ...variables } });
    gateway = started;
    await started.start();
    return { url: started.url, stop: () => started.stop() };
  });
}, 120_000);
afterAll(() => gateway?.dispose());

test.each(exampleFiles)("a second recording gives the same %s, to the byte (else: npm run record)", (name) => {
  const text = readFileSync(new URL(`${name}.json`, examplesFolder), "utf8");
  expect(`${JSON.stringify(recorded[name], null, 2)}\n`).toBe(text);
});
