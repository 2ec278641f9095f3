/**
 * The `data` of server-sent events, one after the other, wherever the bytes are cut (WHATWG HTML §9.2.6). Throws where bytes are no
 * UTF-8, and where an event has no end: what a model says must not lose a word in silence. Leaving it cancels the body.
 */
const longestEventChars = 1_048_576;

export async function* sseEventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let rest = "";
  let data: string[] = [];
  for await (const part of body) {
    rest += decoder.decode(part, { stream: true });
    for (let end = endOfLine(rest); end; end = endOfLine(rest)) {
      const line = rest.slice(0, end.at);
      rest = rest.slice(end.next);
      if (line === "") {
        if (data.length > 0) yield data.join("\n");
        data = [];
      } else if (line === "data" || line.startsWith("data:")) {
        data.push(line.slice(5).replace(/^ /, ""));
      }
    }
    if (rest.length + data.reduce((sum, { length }) => sum + length, 0) > longestEventChars) {
      throw new Error("an event has no end");
    }
  }
  decoder.decode();
  // Some servers leave out the last blank line.
  const last = rest.replace(/\r$/, "");
  if (last.startsWith("data:")) data.push(last.slice(5).replace(/^ /, ""));
  if (data.length > 0) yield data.join("\n");
}

/** A line ends with LF, CR LF, or CR; of a CR at the end of what came so far nobody knows yet. */
function endOfLine(text: string): { readonly at: number; readonly next: number } | undefined {
  const at = text.search(/[\r\n]/);
  if (at < 0 || (text[at] === "\r" && at + 1 === text.length)) return undefined;
  return { at, next: text.startsWith("\r\n", at) ? at + 2 : at + 1 };
}
