/**
 * Writes what is made from the contract: the reference, the published documents, and the golden frames. `--check` (part of `npm run check`)
 * only compares, and fails when a file is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { defineCommand } from "./cli/define-command.ts";
import { flag } from "./cli/option-types.ts";
import { readOptions } from "./cli/run-command.ts";
import { eventsText } from "./contract/event-catalogue.ts";
import { asyncapiText, openapiText } from "./contract/generate-contract.ts";
import { goldenJson, goldenMarkdown } from "./contract/generate-golden.ts";
import { goldenProtoJson } from "./contract/generate-proto-golden.ts";
import { protoText } from "./contract/generate-proto.ts";
import { referenceText } from "./contract/generate-reference.ts";
import { bindingsDocument, envExample } from "./deploy/installation/documents.ts";

const files: Readonly<Record<string, string>> = {
  ".env.example": envExample,
  "docs/cloudflare-bindings.md": bindingsDocument,
  "docs/events.md": eventsText,
  "docs/reference.md": referenceText,
  "schemas/published/asyncapi.json": asyncapiText,
  "schemas/published/openapi.json": openapiText,
  "schemas/published/golden/golden.json": goldenJson,
  "schemas/published/golden/golden.md": goldenMarkdown,
  "schemas/published/golden/proto.json": goldenProtoJson,
  "schemas/wire/interview.proto": protoText,
};

/** Empty where there is no such file: no generated one is. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return "";
    throw cause;
  }
}

const { check } = readOptions(
  defineCommand({
    name: "npm run generate --",
    description: "Writes what is made from the contract.",
    options: { check: flag.meta({ description: "compare only, and fail when a file is stale" }) },
  }),
);

for (const [path, text] of Object.entries(files)) {
  if (!check) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`wrote ${path}`);
  } else if (readIfThere(path) === text) {
    console.log(`${path} is up to date`);
  } else {
    console.error(`${path} is stale: run npm run generate and commit it.`);
    process.exitCode = 1;
  }
}
