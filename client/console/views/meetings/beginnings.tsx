/** The ways to a meeting: record one, drop a file, try the sample. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { plainWords } from "../../api/plain-words.ts";
import { Icon } from "../../parts/icons.tsx";
import { beginWords } from "../../state/capture-words.ts";
import { isReadingFile, streamFile } from "../../state/file-meeting.ts";
import { notify } from "../../state/notices.ts";
import { addressOf, goTo } from "../../state/route.ts";
import { isSampleRunning, startSample } from "../../state/sample.ts";

export function Beginnings({ isSmall = false }: { readonly isSmall?: boolean }): JSX.Element {
  return (
    <div class={isSmall ? "beginnings is-small" : "beginnings"}>
      {!isSmall && <p class="lead">Nothing here yet. Begin with one of these:</p>}
      <div class="beginning-cards">
        <a class="beginning is-record" href={addressOf.capture}>
          <span class="beginning-icon">
            <Icon name="mic" size={26} />
          </span>
          <span class="beginning-title">Record</span>
          <span class="beginning-text">A microphone, the sound of a tab, or both.</span>
        </a>
        <FileCard />
        <button type="button" class="beginning" disabled={isSampleRunning.value} onClick={() => void openSample()}>
          <span class="beginning-icon">
            <Icon name="play" size={26} />
          </span>
          <span class="beginning-title">{isSampleRunning.value ? "The sample is running…" : "Try the sample"}</span>
          <span class="beginning-text">Three people, a minute of talk. See who speaks, as it is kept.</span>
        </button>
      </div>
    </div>
  );
}

function FileCard(): JSX.Element {
  const isOver = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class={isOver.value ? "beginning is-over" : "beginning"}
        disabled={isReadingFile.value}
        onClick={() => input.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          isOver.value = true;
        }}
        onDragLeave={() => (isOver.value = false)}
        onDrop={(event) => {
          event.preventDefault();
          isOver.value = false;
          void openFile(event.dataTransfer?.files[0]);
        }}
      >
        <span class="beginning-icon">
          <Icon name="file" size={26} />
        </span>
        <span class="beginning-title">{isReadingFile.value ? "Reading the file…" : "Drop a file"}</span>
        <span class="beginning-text">Or click to choose one: WAV, MP3, M4A and what else your browser plays.</span>
      </button>
      <input
        ref={input}
        type="file"
        accept="audio/*,video/mp4,video/webm,.wav"
        hidden
        tabIndex={-1}
        aria-label="Audio file"
        onChange={(event) => {
          const { files } = event.currentTarget;
          void openFile(files?.[0]);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

async function openFile(file: File | undefined): Promise<void> {
  if (!file) return;
  try {
    goTo(addressOf.meeting(await streamFile(file)));
  } catch (cause) {
    notify("problem", `${file.name} can't be streamed. ${beginWords(cause)}`);
  }
}

async function openSample(): Promise<void> {
  try {
    goTo(addressOf.meeting(await startSample()));
  } catch (cause) {
    notify("problem", `The sample did not start. ${plainWords(cause)}`);
  }
}
