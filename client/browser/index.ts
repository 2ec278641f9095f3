/** The library with what it has in browsers: the microphone, and an outbox that survives a tab. */
export * from "../index.ts";
export { type IdbOutboxOptions, openIdbOutbox } from "./idb-outbox.ts";
export { type Microphone, openMicrophone } from "./microphone.ts";
