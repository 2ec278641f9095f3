/** Where Node keeps what it made of the sources that a start loads: TypeScript without its types, and compiled code. */
import { join } from "node:path";
import { root } from "./bundle/worker-configs.ts";

export const compileCache = join(root, ".wrangler", "compile-cache");
