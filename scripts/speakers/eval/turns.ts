/** Who spoke when: what a truth holds and what a diarizer says. */
export interface Turn {
  readonly speaker: string;
  readonly start_ms: number;
  readonly end_ms: number;
}

/** Sorted; turns of one speaker with no more than `pauseMs` and nobody else between them become one. */
export function joinTurns(turns: readonly Turn[], pauseMs: number): Turn[] {
  const joined: Turn[] = [];
  for (const turn of turns.toSorted((a, b) => a.start_ms - b.start_ms)) {
    const last = joined.at(-1);
    if (last && last.speaker === turn.speaker && turn.start_ms - last.end_ms <= pauseMs)
      joined[joined.length - 1] = { ...last, end_ms: Math.max(last.end_ms, turn.end_ms) };
    else joined.push(turn);
  }
  return joined;
}
