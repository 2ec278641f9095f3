/** The meeting as files: documents, and each track's audio. */
import type { JSX } from "preact";
import { baseUrl } from "../../api/gateway.ts";
import { plainWords } from "../../api/plain-words.ts";
import { Icon } from "../../parts/icons.tsx";
import { Menu, MenuItem } from "../../parts/menu.tsx";
import { documents, download, save } from "../../state/documents.ts";
import { mediaToken } from "../../state/media-token.ts";
import type { Meeting } from "../../state/meeting.ts";
import { notify } from "../../state/notices.ts";

export function ExportMenu({ meeting }: { readonly meeting: Meeting }): JSX.Element {
  const { sessionId } = meeting;
  const audio = async (track: string): Promise<void> => {
    const token = await mediaToken(sessionId)();
    const query = new URLSearchParams({ track, ...(token !== undefined && { token }) });
    save(
      `${baseUrl}/v1/sessions/${encodeURIComponent(sessionId)}/audio.wav?${query.toString()}`,
      `${sessionId}-${track}.wav`,
    );
  };
  const isOver = meeting.status.value === "finalized";
  return (
    <Menu icon={<Icon name="download" />} label="Export">
      {documents
        .filter(({ name }) => isOver || name !== "result.json")
        .map(({ name, label }) => (
          <MenuItem key={name} onChoose={() => void take(download(sessionId, name))}>
            {label}
          </MenuItem>
        ))}
      {meeting.tracks.value.map(({ track }) => (
        <MenuItem key={track} onChoose={() => void take(audio(track))}>
          Audio of {track}, WAV
        </MenuItem>
      ))}
    </Menu>
  );
}

async function take(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    notify("problem", `The file was not made. ${plainWords(cause)}`);
  }
}
