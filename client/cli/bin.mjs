#!/usr/bin/env node
// The command `roomtone`: the sources are TypeScript, and tsx reads them as they are.
import { register } from "tsx/esm/api";

register();
await import("./main.ts");
