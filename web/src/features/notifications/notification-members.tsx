import { Avatar } from "@/components/avatar";
import { Button } from "@/components/button";
import { Icon } from "@/components/icon";
import { RelativeMoment } from "@/components/relative-moment";
import { Skeleton } from "@/components/skeleton";
import { kindOf } from "@/features/notifications/kinds";
import { NotificationLink } from "@/features/notifications/notification-link";
import { useMembers } from "@/features/notifications/use-members";
import type { Notification } from "@/lib/contracts/frames.gen";

import styles from "./notification-members.module.css";

interface NotificationMembersProps {
  id: string;
  notification: Notification;
  onFollow: (link: string | null) => void;
}

const MOST_BONES = 3;

/** What a row of several stands for, one line for each. */
export function NotificationMembers({ id, notification, onFollow }: NotificationMembersProps) {
  const { items, phase, hasMore, showMore, retry } = useMembers(notification);
  const isFirst = phase === "loading" && items.length === 0;
  return (
    <div id={id} className={styles.members} aria-busy={phase === "loading"}>
      {isFirst && (
        <div className={styles.bones}>
          {Array.from({ length: Math.min(MOST_BONES, notification.count) }, (_, bone) => (
            <Skeleton key={bone} height={16} width={`${88 - 12 * bone}%`} />
          ))}
        </div>
      )}
      <ul aria-label="What this row stands for">
        {items.map(({ id: member, actor, created_at, link, message, type }) => (
          <li key={member} className={styles.member} data-member={member}>
            {actor === null ? (
              <span className={styles.sign}>
                <Icon name={kindOf(type).icon} size={12} />
              </span>
            ) : (
              <Avatar person={actor} size="small" />
            )}
            <span className={styles.words}>
              <NotificationLink link={link} onFollow={() => onFollow(link)} className={styles.message}>
                {message}
              </NotificationLink>{" "}
              <span className={styles.moment}>
                <RelativeMoment moment={created_at} />
              </span>
            </span>
          </li>
        ))}
      </ul>
      {phase === "failed" && (
        <p role="alert" className={styles.problem}>
          These could not be loaded.{" "}
          <Button look="quiet" onClick={retry}>
            Try again
          </Button>
        </p>
      )}
      {phase !== "failed" && hasMore && (
        <Button look="quiet" className={styles.more} disabled={phase === "loading"} onClick={showMore}>
          Show more
        </Button>
      )}
    </div>
  );
}
