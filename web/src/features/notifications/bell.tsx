import { useCallback, useId } from "react";

import { Icon } from "@/components/icon";
import { usePopup } from "@/components/popup";
import { useShortcut } from "@/components/shortcut";
import { useToasts } from "@/components/toasts";
import { NotificationsDropdown } from "@/features/notifications/notifications-dropdown";
import { useNotifications } from "@/realtime/use-notifications";

import styles from "./bell.module.css";

/** The badge has room for two digits; the exact number is in the name, and in the dropdown. */
export function badgeText(unreadCount: number): string {
  return unreadCount > 99 ? "99+" : String(unreadCount);
}

export function Bell() {
  const { unreadCount } = useNotifications();
  const { isOpen, open, close, trigger, content } = usePopup<HTMLButtonElement, HTMLDivElement>();
  const { dismissAll } = useToasts();
  const id = useId();
  const toggle = useCallback(() => {
    if (isOpen) close();
    else {
      dismissAll(); // What they say stands in the list.
      open();
    }
  }, [close, dismissAll, isOpen, open]);
  useShortcut("n", toggle);

  return (
    <div className={styles.place}>
      <button
        ref={trigger}
        type="button"
        className={styles.bell}
        aria-label={unreadCount === 0 ? "Notifications" : `Notifications, ${unreadCount} unread`}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-haspopup="dialog"
        onClick={toggle}
      >
        <Icon name="bell" size={18} />
        {unreadCount > 0 && (
          <span aria-hidden="true" className={styles.badge} data-badge="">
            {badgeText(unreadCount)}
          </span>
        )}
      </button>
      {isOpen && (
        <>
          <div className={styles.backdrop} />
          <NotificationsDropdown id={id} content={content} onClose={close} />
        </>
      )}
    </div>
  );
}
