/** Runs `stop` on the first Ctrl-C, SIGTERM or SIGHUP, then exits with the signal's usual code. A second one exits at once. */
export function onStopSignal(stop: () => Promise<void>): void {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  let isStopping = false;
  for (const [signal, code] of Object.entries(codes)) {
    process.on(signal, () => {
      if (isStopping) process.exit(code);
      isStopping = true;
      void stop().then(
        () => process.exit(code),
        (cause: unknown) => {
          console.error(cause);
          process.exit(1);
        },
      );
    });
  }
}
