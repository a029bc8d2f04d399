import { InboxView, type SurfaceProps } from "@/features/notifications/inbox-view";

import styles from "./notifications-panel.module.css";

/** The whole inbox at the right-hand edge; on a phone it fills the screen. */
export function NotificationsPanel(surface: SurfaceProps) {
  return (
    <InboxView
      {...surface}
      title="Inbox"
      opensOn="unread"
      className={styles.panel}
      close={{ label: "Close inbox" }}
    />
  );
}
