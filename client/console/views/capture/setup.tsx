/** What is recorded, chosen before it begins. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId } from "preact/hooks";
import { Icon, type IconName } from "../../parts/icons.tsx";
import type { SourceKind } from "../../state/capture-words.ts";
import { isOpening, openProblem, startRecording } from "../../state/recording.ts";
import { now } from "../../state/clock.ts";
import { credential } from "../../state/access.ts";
import { lookForModels, transcribers } from "../../state/models.ts";
import { unnamedWords } from "../../state/capture-words.ts";

type Choice = "mic" | "system" | "both";
const choice = signal<Choice>("mic");
const title = signal("");
const deviceId = signal("");
const hasCaptions = signal(true);
const devices = signal<readonly MediaDeviceInfo[]>([]);

const kindsOf: Readonly<Record<Choice, readonly SourceKind[]>> = {
  mic: ["mic"],
  system: ["system"],
  both: ["mic", "system"],
};

const choices: readonly {
  readonly value: Choice;
  readonly icon: IconName;
  readonly name: string;
  readonly text: string;
}[] = [
  { value: "mic", icon: "mic", name: "Microphone", text: "You, or the room" },
  { value: "system", icon: "screen", name: "Tab or system sound", text: "The others of a call" },
  { value: "both", icon: "person", name: "Both", text: "Two tracks, side by side" },
];

export function Setup(): JSX.Element {
  const [titleId, deviceFieldId] = [useId(), useId()];
  useEffect(() => watchDevices(), []);
  useEffect(() => {
    if (credential.value?.kind !== "token") void lookForModels();
  }, []);
  const start = (): void => {
    const chosen = deviceId.value === "" ? undefined : deviceId.value;
    const captions = transcribers.value.length === 0 ? undefined : hasCaptions.value;
    void startRecording({ kinds: kindsOf[choice.value], title: title.value, hasCaptions: captions, deviceId: chosen });
  };
  return (
    <form
      class="card setup"
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <fieldset class="choices">
        <legend>What do you record?</legend>
        {choices.map(({ value, icon, name, text }) => (
          <label key={value} class="choice">
            <input
              type="radio"
              name="source"
              class="visually-hidden"
              checked={choice.value === value}
              onChange={() => (choice.value = value)}
            />
            <span class="choice-card">
              <Icon name={icon} size={24} />
              <span class="choice-name">{name}</span>
              <span class="choice-text">{text}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {choice.value !== "system" && devices.value.length > 1 && (
        <div class="stack">
          <label for={deviceFieldId}>Microphone</label>
          <select
            id={deviceFieldId}
            class="input"
            value={deviceId.value}
            onChange={(event) => (deviceId.value = event.currentTarget.value)}
          >
            <option value="">As the browser chooses</option>
            {devices.value.map((device) => (
              <option key={device.deviceId} value={device.deviceId}>
                {device.label}
              </option>
            ))}
          </select>
        </div>
      )}
      <div class="stack">
        <label for={titleId}>Title</label>
        <input
          id={titleId}
          class="input"
          maxLength={200}
          autocomplete="off"
          placeholder={unnamedWords(now.value)}
          value={title.value}
          onInput={(event) => (title.value = event.currentTarget.value)}
        />
      </div>
      {transcribers.value.length > 0 && (
        <label class="check-line">
          <input
            type="checkbox"
            checked={hasCaptions.value}
            onChange={(event) => (hasCaptions.value = event.currentTarget.checked)}
          />
          <span>Captions: what is said is written down as it is said</span>
        </label>
      )}
      {openProblem.value !== undefined && (
        <p class="banner is-problem" role="alert">
          <Icon name="warning" /> {openProblem.value}
        </p>
      )}
      <button type="submit" class="big-record" disabled={isOpening.value}>
        <span class="big-dot" aria-hidden="true" />
        {isOpening.value ? "Opening…" : "Start recording"}
      </button>
      <p class="hint is-centred">
        Every second is stored in this browser first, and leaves it once the gateway keeps it.
      </p>
    </form>
  );
}

/** Names of microphones are told once one was allowed. */
function watchDevices(): () => void {
  const { mediaDevices } = navigator as { readonly mediaDevices?: MediaDevices };
  if (!mediaDevices) return () => undefined;
  const look = async (): Promise<void> => {
    const all = await mediaDevices.enumerateDevices();
    devices.value = all.filter(
      ({ kind, label, deviceId: id }) => kind === "audioinput" && label !== "" && id !== "default",
    );
  };
  const again = (): void => void look();
  again();
  mediaDevices.addEventListener("devicechange", again);
  return () => mediaDevices.removeEventListener("devicechange", again);
}
