/**
 * For tests of one's own client or room: a protocol client that checks every answer, a streamer, a reference of what a track
 * must keep, a proxy that breaks connections by a seed, and frames whose bytes are known. Needs `ws`.
 */
export { type FaultKind, faultKinds, faultMeanings, type FaultRates } from "./fault-plan.ts";
export { type FaultCounts, FaultProxy, type FaultProxyOptions } from "./fault-proxy.ts";
export {
  type GoldenAudio,
  goldenAudio,
  type GoldenClientFrame,
  goldenClientFrames,
  goldenPcm,
  goldenRoomMessages,
  goldenSession,
} from "./golden-frames.ts";
export { type Pace, realtime } from "./pace.ts";
export {
  type Carrier,
  type Close,
  type MessageOf,
  type ProtocolOptions,
  ProtocolSocket,
  type Received,
} from "./protocol-socket.ts";
export { missingRanges, type Range, ReferenceTrack, type TrackCounts } from "./reference-track.ts";
export { overWs, RoomSocket, type RoomSocketOptions } from "./room-socket.ts";
export {
  type StreamedAck,
  type StreamReport,
  streamTrack,
  TrackStream,
  type TrackStreamOptions,
} from "./track-stream.ts";
