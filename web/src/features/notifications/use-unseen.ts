import { useCallback, useEffect, useRef } from "react";

import type { Notification } from "@/lib/contracts/frames.gen";
import { useFeed } from "@/realtime/use-notifications";

/** What came while nobody looked is held up to so many; more are no news for a person any more. */
export const MOST_HELD = 1_000;
/** A beat that comes so late says that the computer slept, or the page stood still. */
export const ASLEEP_MS = 2_000;
/** Once awake, what came meanwhile has all come when nothing more has for this time. */
export const SETTLED_MS = 1_000;
/** So long at most: on a computer that stays slow, or in a flood, there is always something more. */
export const LONGEST_SETTLING_MS = 10_000;
const BEAT_MS = 1_000;

/**
 * Holds what arrives while nobody can see a toast: the window is hidden, or stood still and now hears all at once what
 * waited for it. Then gives what of it is still unread, to be told in one. `tell` should be stable.
 */
export function useUnseen(tell: (notifications: readonly Notification[]) => void) {
  const feed = useFeed();
  const held = useRef(new Map<string, Notification>());
  const settling = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const settledBy = useRef(0);
  const beatAt = useRef(0);

  const release = useCallback(() => {
    settling.current = undefined;
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
  }, [feed, tell]);
  const settle = useCallback(() => {
    if (settling.current === undefined) settledBy.current = Date.now() + LONGEST_SETTLING_MS;
    clearTimeout(settling.current);
    settling.current = setTimeout(release, Math.min(SETTLED_MS, Math.max(settledBy.current - Date.now(), 0)));
  }, [release]);
  /** Whichever runs first after a sleep, a beat or what waited, sees it by the clock. */
  const hasJustWoken = useCallback(() => {
    const isLate = Date.now() - beatAt.current > ASLEEP_MS;
    beatAt.current = Date.now();
    return isLate;
  }, []);

  useEffect(() => {
    beatAt.current = Date.now();
    const beats = setInterval(() => {
      // In a hidden window beats are rare, and nothing is told anyway.
      if (hasJustWoken() && document.visibilityState !== "hidden") settle();
    }, BEAT_MS);
    const onVisible = () => {
      beatAt.current = Date.now();
      release();
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      clearInterval(beats);
      clearTimeout(settling.current);
      settling.current = undefined;
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [hasJustWoken, release, settle]);

  /** True if the notifications are held. */
  return useCallback(
    (notifications: readonly Notification[]) => {
      const isHidden = document.visibilityState === "hidden";
      if (!isHidden && !hasJustWoken() && settling.current === undefined) return false;
      for (const notification of notifications) {
        if (held.current.size < MOST_HELD || held.current.has(notification.id))
          held.current.set(notification.id, notification);
      }
      if (!isHidden) settle();
      return true;
    },
    [hasJustWoken, settle],
  );
}
