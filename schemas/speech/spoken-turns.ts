/** Who speaks where in a stretch of a track, as the gateway tells it to what makes captions. Between the two Workers alone. */

export interface SpokenTurn {
  /** Times of the track. */
  readonly start_ms: number;
  readonly end_ms: number;
  readonly cluster_id: string;
}

export interface SpokenTurns {
  /** The last second that is kept; 0 where the track has none. */
  readonly last_seq: number;
  /** Whether its client said that nothing follows, and all of it is kept. */
  readonly is_ended: boolean;
  /** Up to where it is known who speaks. */
  readonly resolved_ms: number;
  /** Whether what is kept beyond that will be resolved without anybody's doing. */
  readonly is_resolving: boolean;
  /** In order of time. */
  readonly turns: readonly SpokenTurn[];
}
