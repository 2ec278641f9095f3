// The bindings of the Worker under test (wrangler.jsonc), as `cloudflare:workers` shows them.
declare namespace Cloudflare {
  interface Env {
    readonly MEETING_SESSION: DurableObjectNamespace<import("./worker.ts").MeetingSessionDO>;
    readonly RESULT_BUCKET: R2Bucket;
  }
  interface GlobalProps {
    mainModule: typeof import("./worker.ts");
  }
}
