import { useSyncExternalStore, type ReactNode } from "react";

import { Session, type SessionNews, type SessionState } from "@/features/session/session";
import { SessionProvider } from "@/features/session/session-context";
import type { Send } from "@/lib/http";
import type { FakeSystem } from "@/testing/fake-feed";

export interface Opened {
  session: Session;
  /** What the other windows were told. */
  told: readonly SessionNews[];
}

/** Shows a page to somebody whom the task service, as `send` plays it, takes for signed in. */
export async function showSignedIn(
  system: FakeSystem,
  send: Send,
  draw: (state: SessionState) => ReactNode,
): Promise<Opened> {
  const told: SessionNews[] = [];
  const session = new Session({
    send,
    clock: system.clock,
    random: () => 0.5,
    exclusively: (task) => task(),
    tell: (news) => told.push(news),
    mark: { isSet: () => true, set: () => undefined },
  });
  await session.start();
  await system.show(
    <SessionProvider session={session}>
      <Page session={session} draw={draw} />
    </SessionProvider>,
  );
  return { session, told };
}

function Page({ session, draw }: { session: Session; draw: (state: SessionState) => ReactNode }) {
  return draw(useSyncExternalStore(session.subscribe, session.state));
}
