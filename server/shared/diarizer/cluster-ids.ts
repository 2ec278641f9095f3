/**
 * A name for a new cluster. No name is given twice in a meeting, even after its cluster was merged away: turns and
 * merges that tell of the old one are in the log for good.
 */
export class ClusterIds {
  /** Clusters that were opened so far. */
  opened: number;

  constructor(opened: number) {
    this.opened = opened;
  }

  next(used: ReadonlySet<string>): string {
    do this.opened++;
    while (used.has(`speaker_${this.opened}`));
    return `speaker_${this.opened}`;
  }
}
