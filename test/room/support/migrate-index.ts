/** Before each test file: the tables of the index, as a deployment has them. */
import { applyD1Migrations } from "cloudflare:test";
import { inject } from "vitest";
import { bindings } from "./bindings.ts";

await applyD1Migrations(bindings.DB, inject("indexMigrations"));
