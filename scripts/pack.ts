/** `npm run pack`: builds the packages that others install, and packs them as tarballs into `dist/packages/`. */
import { packPackages } from "./packages/pack-packages.ts";

for (const tarball of await packPackages()) console.log(tarball);
