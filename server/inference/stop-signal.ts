/**
 * Runs `stop` on the first Ctrl-C, SIGTERM or SIGHUP, then exits with the signal's usual code. A second one exits at once. Begun
 * by a process that opened a channel, the loss of that process counts as SIGTERM.
 */
export function onStopSignal(stop: () => Promise<void>): void {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  let isStopping = false;
  const end = (code: number): void => {
    if (isStopping) process.exit(code);
    isStopping = true;
    void stop().then(
      () => process.exit(code),
      (cause: unknown) => {
        console.error(cause);
        process.exit(1);
      },
    );
  };
  for (const [signal, code] of Object.entries(codes)) process.on(signal, () => end(code));
  if (process.connected) process.once("disconnect", () => end(codes.SIGTERM));
}
