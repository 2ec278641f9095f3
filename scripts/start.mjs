/**
 * `npm start`. Plain JavaScript, and next to nothing: what Node made of the sources at the start before serves for all that is loaded after this,
 * where else it would strip their types and compile them again, which is a third of a start. `scripts/local/serve.ts` is what runs.
 */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Where `scripts/local/compile-cache.ts` says.
enableCompileCache(fileURLToPath(new URL("../.wrangler/compile-cache", import.meta.url)));
await import("./local/serve.ts");
