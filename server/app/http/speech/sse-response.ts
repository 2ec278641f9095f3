/** Server-sent events as an answer. What fails on the way ends it with an event that says so; who left ends what makes them. */

export interface SseEvent {
  /** Without one, the client's handler of messages gets it. */
  readonly event?: string;
  readonly data: unknown;
}

/** @param failure the last event of a stream that broke off. */
export function sseResponse(
  events: AsyncGenerator<SseEvent, void>,
  failure: (cause: unknown) => SseEvent,
  onEnd: () => void,
): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      let next: IteratorResult<SseEvent, void>;
      try {
        next = await events.next();
      } catch (cause) {
        controller.enqueue(encoder.encode(text(failure(cause))));
        next = { done: true, value: undefined };
      }
      if (!next.done) return controller.enqueue(encoder.encode(text(next.value)));
      onEnd();
      return controller.close();
    },
    cancel: async () => {
      onEnd();
      await events.return();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
}

function text({ event, data }: SseEvent): string {
  return `${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}
