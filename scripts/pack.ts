/** `npm run pack`: builds the packages that others install, and packs them as tarballs into `dist/packages/`. */
import { defineCommand } from "./cli/define-command.ts";
import { readOptions } from "./cli/run-command.ts";
import { packPackages } from "./packages/pack-packages.ts";

readOptions(
  defineCommand({
    name: "npm run pack --",
    description: "Builds the packages that others install, as tarballs in dist/packages.",
  }),
);

for (const tarball of await packPackages()) console.log(tarball);
