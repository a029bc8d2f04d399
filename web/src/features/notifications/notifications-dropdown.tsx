import { Button } from "@/components/button";
import { Icon } from "@/components/icon";
import { InboxView, type SurfaceProps } from "@/features/notifications/inbox-view";

import styles from "./notifications-dropdown.module.css";

/** The quick look below the bell. */
export function NotificationsDropdown({
  onOpenPanel,
  ...surface
}: SurfaceProps & { onOpenPanel: () => void }) {
  return (
    <InboxView
      {...surface}
      title="Notifications"
      opensOn="all"
      className={styles.dropdown}
      close={{ label: "Close notifications", isForPhones: true }}
    >
      <footer className={styles.foot}>
        <Button look="quiet" className={styles.open} onClick={onOpenPanel}>
          Open all notifications
          <Icon name="arrow" size={14} />
        </Button>
      </footer>
    </InboxView>
  );
}
