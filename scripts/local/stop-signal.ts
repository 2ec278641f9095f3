/** How long a vanished parent goes unnoticed at most. */
const parentPollMs = 500;
/** Names a process whose end ends this one. */
export const endWithVariable = "ROOMTONE_END_WITH";
/** Ctrl-C in a terminal reaches us twice, from the terminal and from npm, which hands on its own. */
const sameSignalMs = 1_000;

/**
 * Runs `stop` once on Ctrl-C, SIGTERM or SIGHUP, then exits with the signal's usual code. A second signal
 * exits at once.
 *
 * Run by npm, the loss of the parent counts as SIGTERM: npm hands a SIGTERM to the shell between us, which dies of it and
 * passes nothing on. So does the end of the process that `ROOMTONE_END_WITH` names: a test run that was interrupted.
 */
export function onStopSignal(stop: () => Promise<void>): void {
  let stoppingSince: number | undefined;
  const end = (code: number): void => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > sameSignalMs) process.exit(code);
      return;
    }
    stoppingSince = performance.now();
    stop().then(
      () => process.exit(code),
      (cause: unknown) => {
        console.error(cause);
        process.exit(1);
      },
    );
  };
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(codes[signal]));
  const isRunByNpm = process.env["npm_lifecycle_event"] !== undefined;
  const endWith = Number(process.env[endWithVariable] ?? Number.NaN);
  if (!isRunByNpm && !Number.isInteger(endWith)) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    const hasParent = !isRunByNpm || process.ppid === parent;
    if (hasParent && (!Number.isInteger(endWith) || isRunning(endWith))) return;
    clearInterval(timer);
    end(codes.SIGTERM);
  }, parentPollMs);
  timer.unref();
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
