/** The caller's own documents: a list, files that are added, and conflicts side by side. Its own part of the page, loaded when it is looked at. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SyncDocument } from "../../../index.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { repeatWhileSeen } from "../../state/repeat.ts";
import {
  addFiles,
  deleteDocument,
  isSending,
  lookAtOwnDocuments,
  openOwnDocuments,
  type OwnDocuments,
  ownDocuments,
  ownProblem,
} from "../../state/own-documents.ts";
import { ConflictCard } from "./conflict-card.tsx";

const everyMs = 30_000;

export function DocumentsView(): JSX.Element {
  useEffect(() => {
    openOwnDocuments();
    return repeatWhileSeen(everyMs, lookAtOwnDocuments);
  }, []);
  const known = ownDocuments.value;
  return (
    <section class="page">
      <header class="page-head">
        <h1>Documents</h1>
        <label class="button is-primary documents-add">
          <span>{isSending.value ? "Sending…" : "Add files"}</span>
          <input
            type="file"
            class="visually-hidden"
            accept=".md,.txt,text/plain,text/markdown"
            multiple
            disabled={!known || isSending.value}
            onChange={({ currentTarget }) => {
              const files = [...(currentTarget.files ?? [])];
              currentTarget.value = "";
              void addFiles(files);
            }}
          />
        </label>
      </header>
      <p class="lead">
        Text and Markdown files of your own, seen by you alone. Answers to your questions draw on them, and say where.
      </p>
      {ownProblem.value !== undefined && (
        <p class="banner is-problem" role="alert">
          {ownProblem.value}
        </p>
      )}
      {known ? <Known known={known} /> : ownProblem.value === undefined && <p class="hint">Loading…</p>}
    </section>
  );
}

function Known({ known: { documents, conflicts, refused } }: { readonly known: OwnDocuments }): JSX.Element {
  const [toDelete, setToDelete] = useState<SyncDocument | undefined>(undefined);
  return (
    <>
      {toDelete && <DeleteDialog document={toDelete} onClose={() => setToDelete(undefined)} />}
      {refused.map((words) => (
        <p key={words} class="banner is-problem" role="alert">
          {words}
        </p>
      ))}
      {conflicts.map((conflict) => (
        <ConflictCard key={conflict.conflict_id} conflict={conflict} />
      ))}
      <section class="card">
        <h2>{documents.length === 1 ? "1 document" : `${documents.length.toLocaleString("en")} documents`}</h2>
        {documents.length === 0 ? (
          <p class="hint">There is none yet. Add a file, and ask about it on the page of the meetings.</p>
        ) : (
          <ul class="documents">
            {documents.map((document) => (
              <Row key={document.id} document={document} onDelete={() => setToDelete(document)} />
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

function Row({
  document: { id, title = id, media_type, body, isPending },
  onDelete,
}: {
  readonly document: SyncDocument;
  readonly onDelete: () => void;
}): JSX.Element {
  const kind =
    media_type === "text/markdown" ? "Markdown" : media_type === "application/pdf" ? "text of a PDF" : "text";
  const length = typeof body === "string" ? `, ${body.length.toLocaleString("en")} characters` : "";
  return (
    <li>
      <span class="breaks">
        <bdi>{title}</bdi>
      </span>
      <span class="hint">
        {kind}
        {length}
        {isPending ? ", not sent yet" : ""}
      </span>
      <button type="button" class="button" aria-label={`Delete ${title}`} disabled={isSending.value} onClick={onDelete}>
        Delete
      </button>
    </li>
  );
}

function DeleteDialog({
  document: { id, title = id },
  onClose,
}: {
  readonly document: SyncDocument;
  readonly onClose: () => void;
}): JSX.Element {
  return (
    <Dialog title="Delete this document?" onClose={onClose}>
      <p class="lead breaks">
        <strong>
          <bdi>{title}</bdi>
        </strong>{" "}
        will be deleted on all your devices, and no answer draws on it any more.
      </p>
      <div class="row is-end">
        <button type="button" class="button" onClick={onClose}>
          Keep it
        </button>
        <button
          type="button"
          class="button is-danger"
          disabled={isSending.value}
          onClick={() => {
            onClose();
            void deleteDocument(id);
          }}
        >
          Delete
        </button>
      </div>
    </Dialog>
  );
}
