/**
 * Imported first by the command: keeps V8's young generation at the size that it begins with. A capture makes and drops the buffers of a second
 * all day, and V8 lets that space grow to three times 16 MB before it looks at it: ten hours of a WAV took 166 MB, and take 127 MB so, no slower.
 * It can only be said at run time: a `#!` line with options is not read by every system's `env`.
 */
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--semi-space-growth-factor=1");
