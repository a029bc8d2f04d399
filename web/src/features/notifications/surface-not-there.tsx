import { useEffect } from "react";

import { Button } from "@/components/button";
import { StateMessage } from "@/components/state-message";
import type { SurfaceProps } from "@/features/notifications/inbox-view";

import styles from "./bell.module.css";

/** The bell was pressed, and what it opens could not be fetched: a new version was put up, or the network is gone. */
export function SurfaceNotThere({ id, content }: SurfaceProps) {
  useEffect(() => {
    content.current?.focus({ preventScroll: true });
  }, [content]);
  return (
    <div
      ref={content}
      id={id}
      role="dialog"
      aria-label="Notifications"
      tabIndex={-1}
      className={styles.notThere}
    >
      <StateMessage
        isProblem
        icon="offline"
        title="The notifications could not be opened"
        detail="Load the page again once you are online."
        action={<Button onClick={() => window.location.reload()}>Load again</Button>}
      />
    </div>
  );
}
