/** The ways to a first meeting. */
import type { JSX } from "preact";
import { Icon, type IconName } from "../../parts/icons.tsx";
import { plainWords } from "../../api/plain-words.ts";
import { notify } from "../../state/notices.ts";
import { addressOf, goTo } from "../../state/route.ts";
import { isSampleRunning, startSample } from "../../state/sample.ts";

export function Beginnings({ isSmall = false }: { readonly isSmall?: boolean }): JSX.Element {
  return (
    <div class={isSmall ? "beginnings is-small" : "beginnings"}>
      {!isSmall && <p class="lead">Nothing here yet. Begin with one of these:</p>}
      <div class="beginning-cards">
        <Card
          icon="play"
          title={isSampleRunning.value ? "The sample is running…" : "Try the sample"}
          text="Three people, a minute of talk. See it kept, second by second, and who speaks."
          isDisabled={isSampleRunning.value}
          onClick={() => void openSample()}
        />
      </div>
    </div>
  );
}

interface CardProps {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  readonly isDisabled?: boolean;
  readonly onClick: () => void;
}

function Card({ icon, title, text, isDisabled = false, onClick }: CardProps): JSX.Element {
  return (
    <button type="button" class="beginning" disabled={isDisabled} onClick={onClick}>
      <span class="beginning-icon">
        <Icon name={icon} size={26} />
      </span>
      <span class="beginning-title">{title}</span>
      <span class="beginning-text">{text}</span>
    </button>
  );
}

async function openSample(): Promise<void> {
  try {
    goTo(addressOf.meeting(await startSample()));
  } catch (cause) {
    notify("problem", `The sample did not start. ${plainWords(cause)}`);
  }
}
