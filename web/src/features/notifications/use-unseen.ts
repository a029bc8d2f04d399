import { useCallback, useEffect, useRef } from "react";

import type { Notification } from "@/lib/contracts/frames.gen";
import { useFeed } from "@/realtime/use-notifications";

/** What came while nobody looked is held up to so many; more are no news for a person any more. */
export const MOST_HELD = 1_000;

/**
 * Holds what arrives while the window is hidden, since nobody sees a toast there; when it is looked at again, gives
 * what of it is still unread, to be told in one. `tell` should be stable.
 */
export function useUnseen(tell: (notifications: readonly Notification[]) => void) {
  const feed = useFeed();
  const held = useRef(new Map<string, Notification>());

  useEffect(() => {
    const onVisible = () => {
      if (document.visibilityState === "hidden" || held.current.size === 0) return;
      const unread = new Set(
        feed
          .state()
          .items.filter((item) => item.read_at === null)
          .map(({ id }) => id),
      );
      const news = [...held.current.values()].filter(({ id }) => unread.has(id));
      held.current.clear();
      if (news.length > 0) tell(news);
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => document.removeEventListener("visibilitychange", onVisible);
  }, [feed, tell]);

  /** True if the window is hidden, and the notifications are held. */
  return useCallback((notifications: readonly Notification[]) => {
    if (document.visibilityState !== "hidden") return false;
    for (const notification of notifications) {
      if (held.current.size < MOST_HELD || held.current.has(notification.id))
        held.current.set(notification.id, notification);
    }
    return true;
  }, []);
}
