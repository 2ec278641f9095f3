/** What a model serves: its paths, and who it is. */

/** Answers one request. Only POST requests come, and only with the right key. */
export type Handler = (request: Request) => Promise<Response>;

export interface Part {
  /** By path. */
  readonly routes: Readonly<Record<string, Handler>>;
  /** A line for the person who starts the service. */
  readonly summary: string;
}
