/** The library with what it has in browsers: the microphone, shared sound, and an outbox that survives a tab. */
export * from "../index.ts";
export { type AudioFile, AudioFileError, openAudioFile } from "./audio-file.ts";
export { AudioSourceError, type AudioSourceFault } from "./audio-source-error.ts";
export { type AudioSource, type AudioSourceEvents, type AudioSourceOptions, openStream } from "./audio-source.ts";
export {
  type ConversationEvents,
  ConversationInPage,
  type ConversationOptions,
  joinConversation,
} from "./conversation.ts";
export { type IdbOutboxOptions, openIdbOutbox } from "./idb-outbox.ts";
export { type IdbSyncStorageOptions, openIdbSyncStorage } from "./idb-sync-storage.ts";
export { type LivePlayer, type LivePlayerEvents, type LivePlayerOptions, openLivePlayer } from "./live-player.ts";
export { type Microphone, openDisplayAudio, openMicrophone } from "./microphone.ts";
