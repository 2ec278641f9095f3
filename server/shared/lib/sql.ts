/** What storage modules need of a room: synchronous SQL, one atomic step, and the clock. */
export interface Database {
  readonly sql: SqlStorage;
  /** Runs `step` atomically: all its writes, or none when it throws. */
  readonly transaction: <T>(step: () => T) => T;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
