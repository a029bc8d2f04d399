import { systemClock } from "@/lib/clock";
import type { Send } from "@/lib/http";
import { Session, type SessionNews } from "@/features/session/session";

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
  });
  channel.onmessage = (event: MessageEvent<SessionNews>) => session.hear(event.data);
  return session;
}
