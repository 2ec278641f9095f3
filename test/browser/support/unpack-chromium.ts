/** Unpacks the Chromium of `@sparticuz/chromium`, its libraries and fonts into TMPDIR: the only place it knows. */
import { createRequire } from "node:module";
import { join } from "node:path";
import chromium, { inflate } from "@sparticuz/chromium";

const packed = join(createRequire(import.meta.url).resolve("@sparticuz/chromium"), "../../bin");
await chromium.executablePath(packed);
await inflate(join(packed, "al2023.tar.br"));
