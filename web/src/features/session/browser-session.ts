import { systemClock } from "@/lib/clock";
import type { Send } from "@/lib/http";
import { Session, type SessionNews, type SessionParts } from "@/features/session/session";

const NAME = "taskify.session";

/** The session of this browser: its windows refresh one at a time, and hear of each other's coming and going. */
export function browserSession(send: Send): Session {
  const channel = new BroadcastChannel(NAME);
  const session = new Session({
    send,
    clock: systemClock,
    random: Math.random,
    // Locks exist only in secure contexts; elsewhere each window refreshes for itself, which is only a request more.
    exclusively: async (task) =>
      "locks" in navigator ? await navigator.locks.request(NAME, task) : await task(),
    tell: (news) => channel.postMessage(news),
    mark: browserMark(),
  });
  channel.onmessage = (event: MessageEvent<SessionNews>) => session.hear(event.data);
  return session;
}

/** It says nothing but that there was a login. Where nothing can be kept, the server is asked. */
function browserMark(): SessionParts["mark"] {
  const attempt = <T>(access: () => T, otherwise: T): T => {
    try {
      return access();
    } catch {
      return otherwise;
    }
  };
  return {
    isSet: () => attempt(() => localStorage.getItem(NAME) !== null, true),
    set: (isSignedIn) =>
      attempt(
        () => (isSignedIn ? localStorage.setItem(NAME, "1") : localStorage.removeItem(NAME)),
        undefined,
      ),
  };
}
