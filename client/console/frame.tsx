/** What is around every view: the top bar, the dialog that asks for a credential, the notices. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { CredentialForm } from "./parts/credential-form.tsx";
import { Dialog } from "./parts/dialog.tsx";
import { Icon, type IconName, Mark } from "./parts/icons.tsx";
import { Later } from "./parts/later.tsx";
import { Notices } from "./parts/notices.tsx";
import { RecordingBar } from "./parts/recording-bar.tsx";
import { answerCredential, askAgain, askingFor, hasDeclined, timesGiven } from "./state/access.ts";
import { TalkView } from "./views/talk/talk-view.tsx";
import { addressOf, type Route, route } from "./state/route.ts";
import { theme, toggleTheme } from "./state/theme.ts";
import { CaptureView } from "./views/capture/capture-view.tsx";
import { MeetingView } from "./views/meeting/meeting-view.tsx";
import { MeetingsView } from "./views/meetings/meetings-view.tsx";
import { SettingsView } from "./views/settings/settings-view.tsx";

const loadOperate = async () => (await import("./views/operate/operate-view.tsx")).OperateView;
const loadDocuments = async () => (await import("./views/documents/documents-view.tsx")).DocumentsView;
const loadUsage = async () => (await import("./views/usage/usage-view.tsx")).UsageView;

export function Frame(): JSX.Element {
  return (
    <>
      <a class="skip-link" href="#content" onClick={skipToContent}>
        Skip to content
      </a>
      <TopBar />
      {hasDeclined.value && <AccessBar />}
      <Content />
      {askingFor.value !== undefined && (
        <Dialog title="Who are you?" onClose={() => answerCredential(undefined)}>
          <p class="lead">{askingFor.value}</p>
          <CredentialForm onGiven={answerCredential} onCancel={() => answerCredential(undefined)} />
        </Dialog>
      )}
      <RecordingBar />
      <Notices />
    </>
  );
}

/** The person was asked who they are, and put it off. */
function AccessBar(): JSX.Element {
  return (
    <p class="banner access-bar" role="status">
      <Icon name="warning" />
      <span class="grows">The gateway shows nothing to who does not say who they are.</span>
      <button type="button" class="button" onClick={() => void askAgain()}>
        Enter a key
      </button>
    </p>
  );
}

/** Not by the address: that names the view. */
function skipToContent(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("#content")?.focus();
}

function TopBar(): JSX.Element {
  const other = theme.value === "dark" ? "Light" : "Dark";
  return (
    <header class="top-bar">
      <a class="brand" href={addressOf.meetings} aria-label="Roomtone, to the meetings">
        <Mark />
        <span>Roomtone</span>
      </a>
      <nav class="nav" aria-label="Main">
        <NavLink view="meetings" address={addressOf.meetings} label="Meetings" icon="list" />
        <NavLink view="capture" address={addressOf.capture} label="Record" icon="mic" />
        <NavLink view="talk" address={addressOf.talk} label="Talk" rest=" to an AI" icon="speech" />
        <NavLink view="documents" address={addressOf.documents} label="Documents" icon="pages" />
        <NavLink view="usage" address={addressOf.usage} label="Usage" icon="bars" />
      </nav>
      <div class="top-tools">
        <button
          type="button"
          class="icon-button"
          aria-label={`${other} colours`}
          title={`${other} colours`}
          onClick={toggleTheme}
        >
          <Icon name={theme.value === "dark" ? "sun" : "moon"} />
        </button>
        <a
          class="icon-button"
          href={addressOf.settings}
          aria-current={route.value.view === "settings" ? "page" : undefined}
          aria-label="Settings"
          title="Settings"
        >
          <Icon name="gear" />
        </a>
      </div>
    </header>
  );
}

interface NavLinkProps {
  readonly view: Route["view"];
  readonly address: string;
  readonly label: string;
  /** Of the label, where there is room for it. */
  readonly rest?: string;
  /** Seen where there is room for a small name alone. */
  readonly icon: IconName;
}

function NavLink({ view, address, label, rest, icon }: NavLinkProps): JSX.Element {
  return (
    <a class="nav-link" href={address} aria-current={route.value.view === view ? "page" : undefined}>
      <Icon name={icon} />
      <span>
        {label}
        {rest !== undefined && <span class="nav-rest">{rest}</span>}
      </span>
    </a>
  );
}

function Content(): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const shown = route.value;
  const view = shown.view === "meeting" ? `meeting/${shown.sessionId}` : shown.view;
  // What was refused is asked for anew with what was given since.
  const key = `${view} ${timesGiven.value}`;
  useEffect(() => {
    // Who reads by ear is told of the new view; at the first one the browser does that.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [key]);
  return (
    <main id="content" ref={main} tabIndex={-1} class="content" key={key}>
      <View shown={shown} />
    </main>
  );
}

function View({ shown }: { readonly shown: Route }): JSX.Element {
  switch (shown.view) {
    case "meetings":
      return <MeetingsView />;
    case "capture":
      return <CaptureView />;
    case "talk":
      return <TalkView />;
    case "documents":
      return <Later load={loadDocuments} />;
    case "usage":
      return <Later load={loadUsage} />;
    case "operate":
      return <Later load={loadOperate} />;
    case "settings":
      return <SettingsView />;
    case "meeting":
      return <MeetingView sessionId={shown.sessionId} />;
    case "unknown":
      return (
        <section class="page is-narrow">
          <h1>There is nothing here</h1>
          <p class="lead">The address names no view of this console.</p>
          <p>
            <a class="button is-primary" href={addressOf.meetings}>
              To the meetings
            </a>
          </p>
        </section>
      );
  }
}
