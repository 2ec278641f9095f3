/** Exit code of a program that a closed pipe ends, as shells tell it: 128 and SIGPIPE's number. */
export const brokenPipeCode = 141;

/** @param then where whoever read this process' output is gone, as `head` is after its lines; every later write is lost. */
export function onReaderGone(then: () => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EPIPE") throw cause;
      then();
    });
  }
}
