/** The track that the page captures. */
export const track = "mic";
