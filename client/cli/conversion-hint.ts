/** The command that turns a file into what stdin takes. @param path as given, quoted here for a POSIX shell. */
export function conversionHint(path: string): string {
  const quoted = path === "-" ? "INPUT" : `'${path.replaceAll("'", String.raw`'\''`)}'`;
  return `Convert it: ffmpeg -i ${quoted} -f s16le -ar 16000 -ac 1 - | roomtone capture - --session …`;
}
