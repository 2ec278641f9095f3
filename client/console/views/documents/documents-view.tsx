/** The caller's own documents: a list, files that are added, and conflicts side by side. Its own part of the page, loaded when it is looked at. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { SyncDocument } from "../../../index.ts";
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
        Text and Markdown of your own. Answers to your questions name the places they rest on; nobody else sees them.
      </p>
      {ownProblem.value !== undefined && (
        <p class="banner is-problem" role="alert">
          {ownProblem.value}
        </p>
      )}
      {known ? <Known known={known} /> : ownProblem.value === undefined && <p class="hint">Asking…</p>}
    </section>
  );
}

function Known({ known: { documents, conflicts, refused } }: { readonly known: OwnDocuments }): JSX.Element {
  return (
    <>
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
              <Row key={document.id} document={document} />
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

function Row({
  document: { id, title = id, media_type, body, isPending },
}: {
  readonly document: SyncDocument;
}): JSX.Element {
  const kind =
    media_type === "text/markdown" ? "Markdown" : media_type === "application/pdf" ? "text of a PDF" : "text";
  const length = typeof body === "string" ? `, ${body.length.toLocaleString("en")} characters` : "";
  return (
    <li>
      <span class="breaks">{title}</span>
      <span class="hint">
        {kind}
        {length}
        {isPending ? ", not sent yet" : ""}
      </span>
      <button
        type="button"
        class="button"
        aria-label={`Delete ${title}`}
        disabled={isSending.value}
        onClick={() => {
          if (confirm(`Delete “${title}” on all your devices?`)) void deleteDocument(id);
        }}
      >
        Delete
      </button>
    </li>
  );
}
