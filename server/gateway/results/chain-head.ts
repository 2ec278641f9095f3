/** The head of a track's hash chain (SPEC H1), from the hashes of its kept chunks. */
import { createHashChain, type Sha256 } from "../../../schemas/chain.ts";
import type { SessionName } from "../core/session-name.ts";
import type { KeptChunks } from "../tracks/kept-chunks.ts";

export interface ChainSources {
  readonly session: SessionName;
  readonly tracks: { readonly kept: Pick<KeptChunks, "hashes"> };
  readonly sha256: Sha256;
}

/** Reads every hash of the track: for a session that takes no more chunks. @returns lower-case hex. */
export function chainHead({ session, tracks, sha256 }: ChainSources, track: string): string {
  const chain = createHashChain({ ...session, track }, sha256);
  for (const chunk of tracks.kept.hashes(track)) chain.add(chunk.seq, chunk.sha256);
  return chain.head();
}
