import { useCallback, useEffect, useRef, useState, type FocusEvent, type PointerEvent } from "react";

import { Button } from "@/components/button";
import { useNow } from "@/components/now";
import { Skeleton } from "@/components/skeleton";
import { EmptyList } from "@/features/notifications/empty-list";
import { NotificationItem } from "@/features/notifications/notification-item";
import { useHeldBack } from "@/features/notifications/use-held-back";
import type { Notification } from "@/lib/contracts/frames.gen";
import { isShown } from "@/realtime/inbox";
import type { Which } from "@/realtime/lists";
import { useNotifications } from "@/realtime/use-notifications";

import styles from "./notification-list.module.css";

/** So many rows are drawn at first, and so many more when the end comes near. */
export const STEP = 50;
/** The end is near at this distance. */
const AHEAD = "600px";
/** Who has scrolled less than this still sees the top. */
const TOP = 8;

interface NotificationListProps {
  which: Which;
  /** What the list is in loses its purpose: the person goes somewhere else. */
  onLeave: () => void;
  /** A row is read now, and goes from this list. */
  onMarked: (notification: Notification) => void;
}

/** One of the two lists, wherever it stands: scrolls on by itself, and holds still under who reads in it. */
export function NotificationList({ which, onLeave, onMarked }: NotificationListProps) {
  const { lists, status, historyDays, connection, markRead, markUnread, loadMore } = useNotifications();
  const now = useNow();
  const place = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState(STEP);
  const reading = useReading(place);
  const { items, more } = lists[which];
  const current = items.filter((item) => isShown(item, historyDays, now));
  const { shown, waiting, release } = useHeldBack(current, reading.isReading);
  const hasMoreDrawn = shown.length > drawn;

  const onFollow = useCallback(
    (notification: Notification, link: string | null) => {
      markRead(notification.id);
      if (link !== null) onLeave();
    },
    [markRead, onLeave],
  );
  const onToggle = useCallback(
    (notification: Notification) => {
      if (notification.read_at !== null) {
        markUnread(notification.id);
        return;
      }
      if (which === "unread") {
        focusNext(place.current, notification.id);
        onMarked(notification);
      }
      markRead(notification.id);
    },
    [markRead, markUnread, onMarked, which],
  );
  const goOn = useCallback(() => {
    if (hasMoreDrawn) setDrawn((before) => before + STEP);
    else loadMore(which);
  }, [hasMoreDrawn, loadMore, which]);

  return (
    <>
      {waiting > 0 && (
        <button
          type="button"
          className={styles.pill}
          onClick={() => {
            release();
            reading.backToTop();
          }}
        >
          {waiting === 1 ? "1 new notification" : `${waiting} new notifications`}
        </button>
      )}
      {connection === "offline" && status === "ready" && (
        <p className={styles.offline}>You are offline. This is the latest that is known here.</p>
      )}
      <div
        ref={place}
        className={styles.scroll}
        aria-busy={status === "loading" || more === "loading"}
        {...reading.handlers}
      >
        {shown.length === 0 && <EmptyList which={which} more={more} />}
        <ul aria-label="Notifications">
          {shown.slice(0, drawn).map((notification) => (
            <NotificationItem
              key={notification.id}
              notification={notification}
              onFollow={onFollow}
              onToggle={onToggle}
              onLeave={onLeave}
            />
          ))}
        </ul>
        {status === "ready" && shown.length > 0 && (
          <div className={styles.end}>
            {more === "loading" && !hasMoreDrawn ? (
              <div className={styles.bones}>
                <Skeleton height={36} />
                <Skeleton height={36} width="80%" />
              </div>
            ) : hasMoreDrawn || more === "idle" ? (
              <Onward root={place} of={`${shown.length} ${drawn}`} onReach={goOn} />
            ) : more === "failed" ? (
              <p role="alert">
                The older ones could not be loaded.{" "}
                <Button look="quiet" onClick={() => loadMore(which)}>
                  Try again
                </Button>
              </p>
            ) : more === "full" ? (
              <p>These are the newest {shown.length}.</p>
            ) : (
              <p>
                {which === "all"
                  ? `Notifications are kept for ${historyDays} days.`
                  : "That is all that is unread."}
              </p>
            )}
          </div>
        )}
      </div>
    </>
  );
}

/** The end of what is drawn: goes on when it comes near, and by a press. `of` changes with what stands above. */
function Onward({
  root,
  of,
  onReach,
}: {
  root: { current: HTMLElement | null };
  of: string;
  onReach: () => void;
}) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (end.current === null) return undefined;
    // A new observer says at once whether the end is in sight, also when what came did not move it out.
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) onReach();
      },
      { root: root.current, rootMargin: AHEAD },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [of, onReach, root]);
  const onPress = () => {
    // The button moves on or goes: who pressed it by the keyboard goes on from the last row that was there.
    const rows = root.current?.querySelectorAll<HTMLElement>("[data-notification] [data-row]");
    rows?.[rows.length - 1]?.focus({ preventScroll: true });
    onReach();
  };
  return (
    <div ref={end}>
      <Button look="quiet" onClick={onPress}>
        Load more
      </Button>
    </div>
  );
}

/** Whether somebody reads in the list: it is scrolled, or the pointer or the focus is on a row. */
function useReading(place: { current: HTMLElement | null }) {
  const [isAtTop, setAtTop] = useState(true);
  const [isPointedAt, setPointedAt] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const isHeld = isPointedAt || isFocused;
  useEffect(() => {
    if (!isHeld) return undefined;
    // What was pointed at or had the focus may vanish, as a menu does; then nothing says that it was left.
    const isInside = (node: EventTarget | null) =>
      node instanceof Node && place.current?.contains(node) === true;
    const look = ({ target }: Event) => {
      if (!isInside(target)) setPointedAt(false);
      if (!isInside(document.activeElement)) setFocused(false);
    };
    const ending = new AbortController();
    document.addEventListener("pointermove", look, { signal: ending.signal, passive: true });
    document.addEventListener("focusin", look, { signal: ending.signal });
    return () => ending.abort();
  }, [isHeld, place]);
  return {
    isReading: !isAtTop || isHeld,
    handlers: {
      onScroll: () => setAtTop((place.current?.scrollTop ?? 0) < TOP),
      // A finger is gone before the list could move under it.
      onPointerEnter: (event: PointerEvent) => setPointedAt(event.pointerType === "mouse"),
      onPointerLeave: () => setPointedAt(false),
      onFocus: () => setFocused(true),
      onBlur: (event: FocusEvent) => setFocused(place.current?.contains(event.relatedTarget) === true),
    },
    backToTop: () => {
      place.current?.scrollTo({ top: 0 });
      setAtTop(true);
      requestAnimationFrame(() =>
        place.current?.querySelector<HTMLElement>("[data-row]")?.focus({ preventScroll: true }),
      );
    },
  };
}

/** Before a row goes, the focus that is in it goes on to the next one, or to the one before. */
function focusNext(place: HTMLElement | null, id: string): void {
  const row = place?.querySelector(`[data-notification="${CSS.escape(id)}"]`);
  if (row?.contains(document.activeElement) !== true) return;
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const target =
    next?.querySelector<HTMLElement>("[data-toggle]") ?? place?.closest<HTMLElement>('[role="dialog"]');
  target?.focus();
}
