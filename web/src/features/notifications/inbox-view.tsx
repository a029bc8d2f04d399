import {
  useCallback,
  useEffect,
  useId,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from "react";
import { Link } from "react-router";

import { useAnnounce } from "@/components/announcer";
import { Button } from "@/components/button";
import { Icon } from "@/components/icon";
import { moveFocus } from "@/components/roving";
import { tabId, Tabs } from "@/components/tabs";
import { NotificationList } from "@/features/notifications/notification-list";
import { UndoStrip, type Undo } from "@/features/notifications/undo-strip";
import { classNames } from "@/lib/class-names";
import type { Notification } from "@/lib/contracts/frames.gen";
import { isShown } from "@/realtime/inbox";
import type { Which } from "@/realtime/lists";
import { useNotifications } from "@/realtime/use-notifications";

import styles from "./inbox-view.module.css";

export interface SurfaceProps {
  id: string;
  content: RefObject<HTMLDivElement | null>;
  onClose: (options?: { keepFocus?: boolean }) => void;
}

interface InboxViewProps extends SurfaceProps {
  title: string;
  opensOn: Which;
  className: string | undefined;
  close: { label: string; isForPhones?: boolean };
  children?: ReactNode;
}

/** So many can be marked unread by one request. */
const UNDONE = 500;

/** The inbox in a dialog that is not modal: both lists, and what can be done with all of them. */
export function InboxView({
  id,
  content,
  onClose,
  title,
  opensOn,
  className,
  close,
  children,
}: InboxViewProps) {
  const { items, unreadCount, historyDays, markUnread, markAllRead } = useNotifications();
  const [which, setWhich] = useState(opensOn);
  const [undo, setUndo] = useState<Undo | null>(null);
  const announce = useAnnounce();
  const titleId = useId();
  const panelId = useId();

  useEffect(() => {
    content.current?.focus({ preventScroll: true });
  }, [content]);

  const choose = (chosen: Which) => {
    setWhich(chosen);
    setUndo(null);
  };
  const onLeave = useCallback(() => onClose({ keepFocus: true }), [onClose]);
  const onMarked = useCallback(
    ({ id: marked }: Notification) => {
      setUndo({ ids: [marked], text: "Marked as read" });
      announce("Marked as read");
    },
    [announce],
  );
  const markAll = () => {
    const unread = items.filter(({ read_at }) => read_at === null);
    const text = unreadCount === 1 ? "Marked 1 as read" : `Marked ${unreadCount} as read`;
    // What is not known here, or would be too old to be shown, cannot be taken back: then nothing is promised.
    const canReturn = unread.every((item) => isShown({ ...item, read_at: "" }, historyDays, Date.now()));
    const isWhole = unread.length === unreadCount && unread.length <= UNDONE && canReturn;
    markAllRead();
    setUndo({ ids: isWhole ? unread.map((item) => item.id) : [], text });
    announce(text);
    content.current?.focus({ preventScroll: true });
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
      className={classNames(styles.view, className)}
      onKeyDown={onKeyDown}
    >
      <header className={styles.head}>
        <div className={styles.bar}>
          <h2 id={titleId}>{title}</h2>
          <Button look="quiet" disabled={unreadCount === 0} onClick={markAll}>
            <Icon name="checks" size={14} />
            Mark all as read
          </Button>
          <Link
            to="/preferences"
            className={styles.settings}
            aria-label="Notification settings"
            title="Notification settings"
            onClick={onLeave}
          >
            <Icon name="sliders" />
          </Link>
          <Button
            look="quiet"
            square
            className={close.isForPhones === true ? styles.forPhones : undefined}
            aria-label={close.label}
            onClick={() => onClose()}
          >
            <Icon name="close" />
          </Button>
        </div>
        <Tabs
          label="Show"
          tabs={[
            { key: "unread", label: "Unread", count: unreadCount },
            { key: "all", label: "All" },
          ]}
          chosen={which}
          onChoose={choose}
          panelId={panelId}
        />
      </header>
      <div id={panelId} role="tabpanel" aria-labelledby={tabId(panelId, which)} className={styles.panel}>
        <NotificationList key={which} which={which} onLeave={onLeave} onMarked={onMarked} />
      </div>
      {undo !== null && (
        <UndoStrip
          undo={undo}
          onUndo={() => {
            markUnread(...undo.ids);
            announce("Unread again");
          }}
          onGone={() => {
            setUndo(null);
            content.current?.focus({ preventScroll: true });
          }}
        />
      )}
      {children}
    </div>
  );
}
