/** The `data` of server-sent events, as JSON; what is none is left out. Ends at `[DONE]` or with the body. */

const longestEventChars = 1_048_576;

export async function* sseDataOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder();
  let rest = "";
  // Leaving the loop cancels the body.
  for await (const part of body ?? []) {
    rest += decoder.decode(part, { stream: true });
    const lines = rest.split(/\r?\n/);
    rest = lines.pop() ?? "";
    if (rest.length > longestEventChars) throw new Error("an event has no end");
    for (const line of lines) {
      const data = /^data: ?(.*)$/.exec(line)?.[1];
      if (data === undefined) continue;
      if (data.trim() === "[DONE]") return;
      const value = parsed(data);
      if (value !== undefined) yield value;
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
