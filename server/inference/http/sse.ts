/** Server-sent events, each of them JSON; the stream ends with the events. An error ends it with an event that says so. */
export function sse(events: AsyncGenerator<Record<string, unknown>, void>): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const next = await events.next().catch((cause: unknown) => {
        console.error(cause);
        const error = { message: "The model failed; the service's log says why.", code: "model_failed" };
        return { done: false as const, value: { type: "error", error } };
      });
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(`data: ${JSON.stringify(next.value)}\n\n`));
    },
    cancel: async () => {
      await events.return();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
}
