/** How the installation runs: what the rest of the app may know of it. */
export { exposition, expositionType } from "./exposition.ts";
export type { Health } from "./monitor.ts";
export { installation, Operations } from "./operations.ts";
export { forgetMeeting, takeTelemetry } from "./take-telemetry.ts";
export { TraceLog } from "./trace-log.ts";
