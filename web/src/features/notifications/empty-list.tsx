import { useEffect } from "react";

import { Button } from "@/components/button";
import { Skeleton } from "@/components/skeleton";
import { StateMessage } from "@/components/state-message";
import type { Which } from "@/realtime/lists";
import type { More } from "@/realtime/pager";
import { useNotifications } from "@/realtime/use-notifications";

import styles from "./notification-list.module.css";

const BONES = 7;

/** What stands where rows would: on their way, could not be had, or there are none, each in words of its own. */
export function EmptyList({ which, more }: { which: Which; more: More }) {
  const { status, connection, retry, loadMore } = useNotifications();
  const isUnknown = status === "ready" && more === "idle";
  useEffect(() => {
    if (isUnknown) loadMore(which);
  }, [isUnknown, loadMore, which]);

  if (status === "loading" || isUnknown || (status === "ready" && more === "loading"))
    return (
      <div className={styles.bones}>
        {Array.from({ length: BONES }, (_, bone) => (
          <div key={bone} className={styles.bone}>
            <span className={styles.face}>
              <Skeleton height={32} width={32} />
            </span>
            <div className={styles.lines}>
              <Skeleton height={12} width={`${92 - ((bone * 17) % 38)}%`} />
              <Skeleton height={10} width={`${44 - ((bone * 11) % 18)}%`} />
            </div>
          </div>
        ))}
      </div>
    );
  if (status === "failed" || more === "failed") {
    const isOffline = connection === "offline";
    return (
      <StateMessage
        isProblem
        icon="offline"
        title={isOffline ? "You are offline" : "Notifications could not be loaded"}
        detail={isOffline ? "They come as soon as you are back." : "We keep trying."}
        action={<Button onClick={status === "failed" ? retry : () => loadMore(which)}>Try now</Button>}
      />
    );
  }
  if (which === "unread")
    return (
      <StateMessage
        icon="checks"
        title="All caught up"
        detail="You have read everything. What came before is in All."
      />
    );
  return (
    <StateMessage
      icon="bell"
      title="Nothing yet"
      detail="When somebody assigns you a task, or a task you watch changes, you read it here."
    />
  );
}
