/**
 * `npm run record`: plays one fixed meeting through a gateway of its own and stores what was asked and answered in
 * `schemas/published/examples/`, which `npm run generate` reads. A second recording gives the same bytes.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { readOptions } from "../../scripts/cli/run-command.ts";
import { exampleFiles, examplesFolder } from "../../scripts/contract/examples.ts";
import { recordMeeting } from "./record.ts";
import { startGateway } from "../../scripts/local/gateway.ts";
import { unlimited } from "../../scripts/local/unlimited.ts";

readOptions(
  defineCommand({
    name: "npm run record --",
    description:
      "Plays one meeting through a gateway, and stores what was asked and answered as the examples of the contract.",
  }),
);

const stateDir = mkdtempSync(join(tmpdir(), "roomtone-record-"));
try {
  const recorded = await recordMeeting((variables) =>
    startGateway({ port: 0, stateDir, variables: { ...unlimited, ...variables } }),
  );
  mkdirSync(examplesFolder, { recursive: true });
  for (const name of exampleFiles) {
    writeFileSync(new URL(`${name}.json`, examplesFolder), `${JSON.stringify(recorded[name], null, 2)}\n`);
    console.log(`wrote ${name}.json`);
  }
} finally {
  rmSync(stateDir, { recursive: true, force: true });
}
// wrangler leaves handles open.
process.exit();
