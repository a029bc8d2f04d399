import { Suspense, useCallback, useEffect, useId, useState } from "react";

import { Icon } from "@/components/icon";
import { usePopup } from "@/components/popup";
import { useShortcut } from "@/components/shortcut";
import { useToasts } from "@/components/toasts";
import {
  NotificationsDropdown,
  NotificationsPanel,
  preloadSurfaces,
} from "@/features/notifications/lazy-surfaces";
import { useNotifications } from "@/realtime/use-notifications";

import styles from "./bell.module.css";

/** By then the page stands; what the bell opens is fetched, so that it opens also when the network is gone. */
export const PRELOAD_MS = 4_000;

/** The badge has room for two digits; the exact number is in the name, and in the dropdown. */
export function badgeText(unreadCount: number): string {
  return unreadCount > 99 ? "99+" : String(unreadCount);
}

type Surface = "dropdown" | "panel";

export function Bell() {
  const { unreadCount } = useNotifications();
  const { isOpen, open, close, trigger, content } = usePopup<HTMLButtonElement, HTMLDivElement>();
  const [surface, setSurface] = useState<Surface>("dropdown");
  const { dismissAll } = useToasts();
  const id = useId();

  useEffect(() => {
    const timer = setTimeout(preloadSurfaces, PRELOAD_MS);
    return () => clearTimeout(timer);
  }, []);

  const toggle = useCallback(
    (wanted: Surface) => {
      if (isOpen && surface === wanted) {
        close();
        return;
      }
      dismissAll(); // What they say stands in the list.
      setSurface(wanted);
      open();
    },
    [close, dismissAll, isOpen, open, surface],
  );
  const toggleDropdown = useCallback(() => toggle("dropdown"), [toggle]);
  const togglePanel = useCallback(() => toggle("panel"), [toggle]);
  useShortcut("n", toggleDropdown);
  useShortcut("N", togglePanel);

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
        onPointerEnter={preloadSurfaces}
        onFocus={preloadSurfaces}
        onClick={() => (isOpen ? close() : toggleDropdown())}
      >
        <Icon name="bell" size={18} />
      </button>
      {/* Beside the button: its text is no part of the name, which has the exact number. */}
      {unreadCount > 0 && (
        <span aria-hidden="true" className={styles.badge} data-badge="">
          {badgeText(unreadCount)}
        </span>
      )}
      {isOpen && (
        <Suspense>
          {surface === "panel" ? (
            <NotificationsPanel id={id} content={content} onClose={close} />
          ) : (
            <>
              <div className={styles.backdrop} />
              <NotificationsDropdown id={id} content={content} onClose={close} onOpenPanel={togglePanel} />
            </>
          )}
        </Suspense>
      )}
    </div>
  );
}
