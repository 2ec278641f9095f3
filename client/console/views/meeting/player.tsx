/** The player below the meeting: play, places, speed, and the waveform of what is heard in the colours of who speaks. */
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Icon } from "../../parts/icons.tsx";
import { clockWords } from "../../parts/words.ts";
import type { Meeting } from "../../state/meeting.ts";
import { type Player, rates } from "../../state/player.ts";
import { Waveforms } from "../../state/waveforms.ts";
import { usePlayerKeys } from "./player-keys.ts";
import { Playhead } from "./seekable.tsx";
import { Waveform } from "./waveform.tsx";

const stepMs = 10_000;
const sliderStepMs = 1_000;

interface Props {
  readonly meeting: Meeting;
  readonly player: Player;
}

export function PlayerBar({ meeting, player }: Props): JSX.Element | null {
  const waveforms = useMemo(() => new Waveforms(meeting), [meeting]);
  useEffect(() => waveforms.watch(), [waveforms]);
  usePlayerKeys(player);
  const durationMs = player.durationMs.value;
  if (durationMs === 0) return null;
  return (
    <section class="player" aria-label="Player">
      <Buttons player={player} />
      <div class="player-wave">
        <Waveform meeting={meeting} player={player} waveforms={waveforms} />
        <Playhead player={player} axis={{ fromMs: 0, toMs: durationMs }} />
        <Slider player={player} />
      </div>
      <Choices meeting={meeting} player={player} />
      {player.problem.value !== undefined && (
        <p class="player-problem" role="status">
          <Icon name="warning" /> {player.problem.value}
        </p>
      )}
    </section>
  );
}

function Buttons({ player }: { readonly player: Player }): JSX.Element {
  const isPlaying = player.isPlaying.value;
  return (
    <div class="player-buttons">
      <button
        type="button"
        class="icon-button"
        aria-label="Back 10 seconds"
        title="Back 10 s (J)"
        onClick={() => player.skip(-stepMs)}
      >
        <Icon name="rewind" />
      </button>
      <button
        type="button"
        class={player.isWaiting.value ? "play-button is-waiting" : "play-button"}
        aria-label={isPlaying ? "Pause" : "Play"}
        title={isPlaying ? "Pause (space)" : "Play (space)"}
        onClick={() => player.toggle()}
      >
        <Icon name={isPlaying ? "pause" : "play"} size={22} />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="On 10 seconds"
        title="On 10 s (L)"
        onClick={() => player.skip(stepMs)}
      >
        <Icon name="forward" />
      </button>
    </div>
  );
}

/** Lies over the waveform, unseen: pointer and keyboard both reach it. */
function Slider({ player }: { readonly player: Player }): JSX.Element {
  const [now, end] = [player.nowMs.value, player.durationMs.value];
  return (
    <input
      type="range"
      class="player-slider"
      aria-label="Place in the meeting"
      aria-valuetext={`${clockWords(now)} of ${clockWords(end)}`}
      min={0}
      max={end}
      step={sliderStepMs}
      value={now}
      onInput={(event) => player.seek(event.currentTarget.valueAsNumber)}
    />
  );
}

function Choices({ meeting, player }: Props): JSX.Element {
  const tracks = meeting.tracks.value.map(({ track }) => track);
  return (
    <div class="player-choices">
      <p class="player-clock">
        <Clock player={player} /> <span class="player-end">/ {clockWords(player.durationMs.value)}</span>
        {player.isWaiting.value && <span class="player-waits"> waits for audio</span>}
      </p>
      {tracks.length > 1 && (
        <select
          aria-label="What is heard"
          value={player.onlyTrack.value ?? ""}
          onChange={({ currentTarget: { value } }) => player.listenTo(value === "" ? undefined : value)}
        >
          <option value="">All tracks</option>
          {tracks.map((track) => (
            <option key={track} value={track}>
              {track}
            </option>
          ))}
        </select>
      )}
      <select
        aria-label="Speed"
        value={String(player.rate.value)}
        onChange={({ currentTarget: { value } }) => (player.rate.value = Number(value))}
      >
        {rates.map((rate) => (
          <option key={rate} value={String(rate)}>
            {rate} ×
          </option>
        ))}
      </select>
      <label class="player-skip">
        <input
          type="checkbox"
          checked={player.skipsSilence.value}
          onChange={({ currentTarget: { checked } }) => (player.skipsSilence.value = checked)}
        />{" "}
        Skip silence
      </label>
    </div>
  );
}

function Clock({ player }: { readonly player: Player }): JSX.Element {
  return <span>{clockWords(player.nowMs.value)}</span>;
}
