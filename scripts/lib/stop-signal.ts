/** Runs `stop` once on Ctrl-C or SIGTERM, then exits with the signal's usual code. A second signal exits at once. */
export function onStopSignal(stop: () => Promise<void>): void {
  let stopping = false;
  const codes = { SIGINT: 130, SIGTERM: 143 } as const;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(codes[signal]);
      stopping = true;
      stop().then(
        () => process.exit(codes[signal]),
        (cause: unknown) => {
          console.error(cause);
          process.exit(1);
        },
      );
    });
  }
}
