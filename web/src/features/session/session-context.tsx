import { createContext, useContext, useEffect, useSyncExternalStore, type ReactNode } from "react";

import type { Session, SessionState } from "@/features/session/session";

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  useEffect(() => {
    const onOnline = () => {
      if (session.state().phase === "unreachable") void session.start();
    };
    if (session.state().phase === "starting") void session.start();
    window.addEventListener("online", onOnline);
    return () => window.removeEventListener("online", onOnline);
  }, [session]);
  return <SessionContext value={session}>{children}</SessionContext>;
}

export function useSession(): { session: Session; state: SessionState } {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("useSession is for what stands inside a SessionProvider");
  return { session, state: useSyncExternalStore(session.subscribe, session.state) };
}
