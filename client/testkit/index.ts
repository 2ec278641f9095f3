/** For tests of one's own client: a proxy that breaks connections by a seed, and frames whose bytes are known. Needs `ws`. */
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
