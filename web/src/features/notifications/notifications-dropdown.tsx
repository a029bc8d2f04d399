import { useEffect, useId, useRef, useState, type KeyboardEvent, type RefObject } from "react";

import { Button } from "@/components/button";
import { Icon } from "@/components/icon";
import { moveFocus } from "@/components/roving";
import { Skeleton } from "@/components/skeleton";
import { StateMessage } from "@/components/state-message";
import { NotificationItem } from "@/features/notifications/notification-item";
import type { Notification } from "@/lib/contracts/frames.gen";
import { useNotifications } from "@/realtime/use-notifications";

import styles from "./notifications-dropdown.module.css";

/** So many rows at first, and so many more at each press. */
export const STEP = 50;
const BONES = 6;
/** Who has scrolled less than this still sees the top. */
const TOP = 8;

interface NotificationsDropdownProps {
  id: string;
  content: RefObject<HTMLDivElement | null>;
  onClose: (options?: { keepFocus?: boolean }) => void;
}

export function NotificationsDropdown({ id, content, onClose }: NotificationsDropdownProps) {
  const { items, unreadCount, status, markRead, markUnread, markAllRead, retry } = useNotifications();
  const list = useRef<HTMLDivElement>(null);
  const { newAbove, backToTop, onScroll } = useNewAbove(list, items);
  const [shown, setShown] = useState(STEP);
  const titleId = useId();

  useEffect(() => {
    content.current?.focus({ preventScroll: true });
  }, [content]);

  const onFollow = (notification: Notification) => {
    markRead(notification.id);
    if (notification.link !== null) onClose({ keepFocus: true });
  };
  const onToggle = ({ id: which, read_at }: Notification) => {
    if (read_at === null) markRead(which);
    else markUnread(which);
  };
  const showMore = () => {
    const last = list.current?.querySelectorAll<HTMLElement>("[data-row]")[shown - 1];
    // The button moves on or goes: who pressed it by the keyboard goes on from the last row that was there.
    last?.focus({ preventScroll: true });
    setShown(shown + STEP);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    moveFocus(event, "[data-row]");
  };

  return (
    // The arrow keys move the focus among the links and buttons inside.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={content}
      id={id}
      role="dialog"
      aria-labelledby={titleId}
      tabIndex={-1}
      className={styles.dropdown}
      onKeyDown={onKeyDown}
    >
      <header className={styles.head}>
        <h2 id={titleId}>Notifications</h2>
        {unreadCount > 0 && <span className={styles.count}>{unreadCount} unread</span>}
        <Button look="quiet" disabled={unreadCount === 0} onClick={markAllRead}>
          <Icon name="checks" size={14} />
          Mark all as read
        </Button>
        <Button
          look="quiet"
          square
          className={styles.close}
          aria-label="Close notifications"
          onClick={() => onClose()}
        >
          <Icon name="close" />
        </Button>
      </header>
      {newAbove > 0 && (
        <button type="button" className={styles.pill} onClick={backToTop}>
          {newAbove === 1 ? "1 new notification" : `${newAbove} new notifications`}
        </button>
      )}
      <div ref={list} className={styles.list} onScroll={onScroll} aria-busy={status === "loading"}>
        {status === "loading" && (
          <div className={styles.bones}>
            {Array.from({ length: BONES }, (_, bone) => (
              <Skeleton key={bone} height={44} />
            ))}
          </div>
        )}
        {status === "failed" && (
          <StateMessage
            isProblem
            icon="offline"
            title="Notifications could not be loaded"
            detail="We keep trying."
            action={<Button onClick={retry}>Try now</Button>}
          />
        )}
        {status === "ready" && items.length === 0 && (
          <StateMessage
            icon="bell"
            title="Nothing yet"
            detail="When somebody assigns you a task, or a task you watch changes, you read it here."
          />
        )}
        <ul aria-label="Notifications">
          {items.slice(0, shown).map((notification) => (
            <NotificationItem
              key={notification.id}
              notification={notification}
              onFollow={onFollow}
              onToggle={onToggle}
            />
          ))}
        </ul>
        {items.length > shown && (
          <p className={styles.end}>
            These are the newest {shown}.{" "}
            <Button look="quiet" onClick={showMore}>
              Show more
            </Button>
          </p>
        )}
      </div>
    </div>
  );
}

/** What came in above while somebody reads further down: the list holds still, and a pill says how many there are. */
function useNewAbove(list: RefObject<HTMLDivElement | null>, items: readonly Notification[]) {
  const [lastSeen, setLastSeen] = useState(items[0]?.id ?? null);
  const [isAtTop, setAtTop] = useState(true);
  const newest = items[0]?.id ?? null;
  if (isAtTop && lastSeen !== newest) setLastSeen(newest);
  const at = items.findIndex(({ id }) => id === lastSeen);
  return {
    newAbove: isAtTop ? 0 : Math.max(0, at),
    onScroll: () => setAtTop((list.current?.scrollTop ?? 0) < TOP),
    backToTop: () => {
      list.current?.scrollTo({ top: 0 });
      list.current?.querySelector<HTMLElement>("[data-row]")?.focus({ preventScroll: true });
    },
  };
}
