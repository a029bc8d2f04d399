import { useCallback, useEffect, useMemo, useState } from "react";

import { CrashBoundary } from "@/app/crash-boundary";
import { FullScreen } from "@/app/full-screen";
import { SignedIn } from "@/app/signed-in";
import { AnnouncerProvider } from "@/components/announcer";
import { Button } from "@/components/button";
import { NowProvider } from "@/components/now";
import { StateMessage } from "@/components/state-message";
import { ToastProvider } from "@/components/toasts";
import { ReceiptScreen, receiptAt, receiptPath } from "@/features/privacy/receipt-screen";
import { browserSession } from "@/features/session/browser-session";
import { LoginScreen } from "@/features/session/login-screen";
import { START_RETRY, type Session } from "@/features/session/session";
import { SessionProvider, useSession } from "@/features/session/session-context";
import { fullJitter } from "@/lib/backoff";
import { loadConfig, type Config } from "@/lib/config";
import { createSend } from "@/lib/http";

interface Started {
  config: Config;
  session: Session;
}

type Start = { phase: "starting" } | { phase: "failed" } | ({ phase: "started" } & Started);

const fetcher: typeof fetch = (...request) => fetch(...request);

/** One for the page, however often the tree is drawn: a second session would refresh against the first. */
let starting: Promise<Started> | null = null;

function start(): Promise<Started> {
  starting ??= loadConfig(fetcher).then((config) => ({
    config,
    session: browserSession(createSend(config.apiUrl, fetcher)),
  }));
  return starting;
}

export function App() {
  const [state, setState] = useState<Start>({ phase: "starting" });
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => setAttempt((before) => before + 1), []);

  useEffect(() => {
    start().then(
      (started) => setState({ phase: "started", ...started }),
      () => {
        starting = null;
        setState({ phase: "failed" });
      },
    );
  }, [attempt]);

  useEffect(() => {
    if (state.phase !== "failed") return;
    const timer = setTimeout(retry, START_RETRY.baseMs + fullJitter(attempt, START_RETRY, Math.random));
    return () => clearTimeout(timer);
  }, [state, attempt, retry]);

  if (state.phase === "starting") return <FullScreen />;
  if (state.phase === "failed")
    return (
      <FullScreen>
        <Unreachable onRetry={retry} />
      </FullScreen>
    );
  return (
    <CrashBoundary>
      <SessionProvider session={state.session}>
        <NowProvider>
          <AnnouncerProvider>
            <ToastProvider>
              <Front config={state.config} />
            </ToastProvider>
          </AnnouncerProvider>
        </NowProvider>
      </SessionProvider>
    </CrashBoundary>
  );
}

/** A receipt is for who has its address; all else is for who is signed in. */
function Front({ config }: { config: Config }) {
  const { state } = useSession();
  const send = useMemo(() => createSend(config.apiUrl, fetcher), [config]);
  const erased = state.phase === "erased" ? state.receiptId : null;
  useEffect(() => {
    // The address is what a person keeps.
    if (erased !== null) window.history.replaceState(null, "", receiptPath(erased));
  }, [erased]);
  const receipt = erased ?? receiptAt(window.location.pathname);
  return receipt === null ? <Door config={config} /> : <ReceiptScreen id={receipt} send={send} />;
}

/** Who is signed in sees the app; a new person in this browser gets a new one, with nothing left of the last. */
function Door({ config }: { config: Config }) {
  const { session, state } = useSession();
  switch (state.phase) {
    case "starting":
    case "erased":
      return <FullScreen />;
    case "unreachable":
      return (
        <FullScreen>
          <Unreachable onRetry={() => void session.start()} />
        </FullScreen>
      );
    case "signed_out":
      return <LoginScreen hasEnded={state.because === "ended"} />;
    case "signed_in":
      return <SignedIn key={state.me.id} me={state.me} config={config} session={session} />;
  }
}

function Unreachable({ onRetry }: { onRetry: () => void }) {
  return (
    <StateMessage
      isProblem
      icon="offline"
      title="Taskify cannot be reached"
      detail="Your network or our server is away. We keep trying."
      action={<Button onClick={onRetry}>Try now</Button>}
    />
  );
}
