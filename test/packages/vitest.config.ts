/** `npm run test:packages`: the packages as others install them. Apart from `npm test`, since it packs, installs and builds. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    name: "packages",
    include: ["test/packages/**/*.test.ts"],
    environment: "node",
    testTimeout: 60_000,
    hookTimeout: 180_000,
    silent: "passed-only",
  },
});
