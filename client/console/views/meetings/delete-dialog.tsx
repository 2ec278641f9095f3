/** Asks before a meeting is deleted for good, and shows the receipt of what is gone. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { DeletionReceipt } from "../../../index.ts";
import { gateway, withAccess } from "../../api/gateway.ts";
import { plainWords } from "../../api/plain-words.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { countWords, sizeWords } from "../../parts/words.ts";
import { dropMeeting } from "../../state/meetings.ts";
import { type Fact, Facts } from "../../parts/facts.tsx";

interface Props {
  readonly meeting: { readonly session_id: string; readonly title: string | null };
  readonly onClose: () => void;
  /** It is gone, and the person has seen the receipt. */
  readonly onGone?: () => void;
  /** Whether it is being deleted, or was: nothing more should be asked of it. */
  readonly onDeleting?: (isDeleting: boolean) => void;
}

type Step = { readonly at: "asking" | "deleting" } | { readonly at: "failed"; readonly why: string } | Done;
interface Done {
  readonly at: "done";
  readonly receipt: DeletionReceipt;
}

export function DeleteDialog({ meeting, onClose, onGone, onDeleting }: Props): JSX.Element {
  const [step, setStep] = useState<Step>({ at: "asking" });
  const id = meeting.session_id;
  const remove = async (): Promise<void> => {
    setStep({ at: "deleting" });
    onDeleting?.(true);
    try {
      const receipt = await withAccess(() => gateway.deleteSession(id));
      dropMeeting(id);
      setStep({ at: "done", receipt });
    } catch (cause) {
      setStep({ at: "failed", why: plainWords(cause) });
      onDeleting?.(false);
    }
  };
  const close = (): void => {
    onClose();
    if (step.at === "done") onGone?.();
  };
  if (step.at === "done") return <Receipt receipt={step.receipt} onClose={close} />;
  return (
    <Dialog title="Delete this meeting?" onClose={close}>
      <p class="lead">
        <strong class="breaks">
          <bdi>{meeting.title ?? id}</bdi>
        </strong>{" "}
        and all of it, audio, speakers and transcript, will be deleted for good. Nobody can bring it back.
      </p>
      {step.at === "failed" && <p class="hint is-problem">It was not deleted. {step.why}</p>}
      <div class="row is-end">
        <button type="button" class="button" onClick={close}>
          Keep it
        </button>
        <button type="button" class="button is-danger" disabled={step.at === "deleting"} onClick={() => void remove()}>
          {step.at === "deleting" ? "Deleting…" : "Delete for good"}
        </button>
      </div>
    </Dialog>
  );
}

function Receipt({
  receipt,
  onClose,
}: {
  readonly receipt: DeletionReceipt;
  readonly onClose: () => void;
}): JSX.Element {
  const facts: readonly Fact[] = [
    ["Meeting", receipt.session_id],
    ["Deleted", new Date(receipt.deleted_at).toLocaleString()],
    ["Stored objects", `${receipt.objects.toLocaleString()} (${sizeWords(receipt.bytes)})`],
    ["Seconds not stored yet", receipt.unarchived_chunks.toLocaleString()],
    ["Tracks", receipt.tracks.toLocaleString()],
    ["Events", receipt.events.toLocaleString()],
    ["Captions", countWords(receipt.utterances, "caption", "captions")],
  ];
  return (
    <Dialog title="Deleted" onClose={onClose}>
      <p class="lead">This is the receipt: what was there, and is gone.</p>
      <Facts facts={facts} />
      <div class="row is-end">
        <button type="button" class="button is-primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
