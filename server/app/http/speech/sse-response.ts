/** Server-sent events as an answer. What fails on the way ends it with an event that says so; who left ends what makes them. */

export interface SseEvent {
  /** Without one, the client's handler of messages gets it. */
  readonly event?: string;
  readonly data: unknown;
  /** By which it can be asked for again. */
  readonly id?: string;
}

/** What stands in an event as it is. */
export interface RawEvent {
  readonly raw: string;
}

/** @param failure the last event of a stream that broke off. */
export function sseResponse(
  events: AsyncGenerator<SseEvent | RawEvent, void>,
  failure: (cause: unknown) => SseEvent,
  onEnd: () => void,
): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      let next: IteratorResult<SseEvent | RawEvent, void>;
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

function text(one: SseEvent | RawEvent): string {
  if ("raw" in one) return `data: ${one.raw}\n\n`;
  const { event, data, id } = one;
  return `${id === undefined ? "" : `id: ${id}\n`}${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}
