/** A recording that runs: how long, how much is kept, how much waits, and what is wrong. */
import type { JSX } from "preact";
import { Icon } from "../../parts/icons.tsx";
import { Meter } from "../../parts/meter.tsx";
import { clockWords } from "../../parts/words.ts";
import { sourceName } from "../../state/capture-words.ts";
import { now } from "../../state/clock.ts";
import { type Recording, stopRecording } from "../../state/recording.ts";
import { addressOf, goTo } from "../../state/route.ts";
import type { Strand } from "../../state/strand.ts";
import { waitingWords } from "./waiting-words.ts";

const trackNames: Readonly<Record<string, string>> = { mic: "Microphone", system: "Tab or system" };

export function Running({ current }: { readonly current: Recording }): JSX.Element {
  const isEnding = current.phase.value !== "recording";
  return (
    <div class="card running">
      <p class="elapsed" role="timer" aria-label="Recorded">
        {!isEnding && <span class="record-dot is-pulsing" aria-hidden="true" />}
        {clockWords(now.value - current.startedAt)}
      </p>
      <p class={current.isOffline.value ? "safety is-offline" : "safety"} role="status">
        <Icon name={current.isOffline.value ? "warning" : "check"} />
        {waitingWords({
          waiting: current.waiting.value,
          isOffline: current.isOffline.value,
          isEnding,
        })}
      </p>
      <ul class="strands">
        {current.strands.map((strand) => (
          <StrandRow key={strand.track} strand={strand} />
        ))}
      </ul>
      <div class="row is-center">
        <button type="button" class="big-stop" disabled={isEnding} onClick={() => void stop(current)}>
          <Icon name="stop" /> {isEnding ? "Sending the rest…" : "Stop"}
        </button>
        <a class="button is-large" href={addressOf.meeting(current.sessionId)}>
          See who speaks
        </a>
      </div>
    </div>
  );
}

async function stop({ sessionId }: Recording): Promise<void> {
  if (await stopRecording()) goTo(addressOf.meeting(sessionId));
}

function StrandRow({ strand }: { readonly strand: Strand }): JSX.Element {
  const name = trackNames[strand.track] ?? strand.track;
  const warning = warningOf(strand);
  return (
    <li class="strand">
      <div class="strand-head">
        <span class="strand-name">
          <Icon name={strand.track === "system" ? "screen" : "mic"} /> {name}
        </span>
        <span class="strand-numbers">
          <span>{strand.kept.value.toLocaleString("en-US")} s kept</span>
          <span>{Math.ceil(strand.waiting.value).toLocaleString("en-US")} s waiting</span>
        </span>
      </div>
      {strand.level && (
        <Meter level={strand.level.value} isClipping={strand.level.isClipping} label={`Loudness of ${name}`} />
      )}
      {warning !== undefined && (
        <p class="strand-warning" role="alert">
          <Icon name="warning" size={16} /> {warning}
        </p>
      )}
    </li>
  );
}

function warningOf(strand: Strand): string | undefined {
  const { failure, isGone, isHeldBack, isUnstored, channelFault, warning, trouble, level, track } = strand;
  const what = sourceName(track);
  if (failure.value !== undefined) return failure.value;
  if (isGone.value) return `The ${what} went away. What was recorded is kept: stop, or reload this page to go on.`;
  if (isHeldBack.value) return `The system holds the ${what} back, for a call perhaps. It goes on by itself.`;
  if (trouble.value !== undefined) return trouble.value;
  if (isUnstored.value)
    return "This browser's storage is full, or fails. What waits is in this tab alone: keep it open until the gateway keeps all.";
  if (channelFault.value !== undefined) return channelFault.value;
  if (warning.value !== undefined) return warning.value;
  if (level?.isClipping.value) return `Too loud: the ${what} is cut off at its peaks. Turn it down, or move away.`;
  if (level?.isSilent.value) return `Nothing is heard from the ${what}. Is it muted?`;
  return undefined;
}
