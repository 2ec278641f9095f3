/** What the capture library adds in Node: an outbox that survives the process. */
export { type FileOutboxOptions, openFileOutbox } from "./file-outbox.ts";
