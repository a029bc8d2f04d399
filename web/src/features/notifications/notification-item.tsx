import { memo, useId, useState } from "react";

import { Avatar } from "@/components/avatar";
import { Icon } from "@/components/icon";
import { RelativeMoment } from "@/components/relative-moment";
import { VisuallyHidden } from "@/components/visually-hidden";
import { kindOf } from "@/features/notifications/kinds";
import { NotificationLink } from "@/features/notifications/notification-link";
import { NotificationMembers } from "@/features/notifications/notification-members";
import { ReasonMenu } from "@/features/notifications/reason-menu";
import { reasonsInWords } from "@/features/notifications/reasons";
import { classNames } from "@/lib/class-names";
import type { Notification } from "@/lib/contracts/frames.gen";

import styles from "./notification-item.module.css";

interface NotificationItemProps {
  notification: Notification;
  /** It was read by following its link, or that of one of its members. */
  onFollow: (notification: Notification, link: string | null) => void;
  onToggle: (notification: Notification) => void;
  /** The person goes to another page. */
  onLeave: () => void;
}

function NotificationItemOnce({ notification, onFollow, onToggle, onLeave }: NotificationItemProps) {
  const { actor, count, id, link, message, reasons, read_at, type, updated_at } = notification;
  const [isOpen, setOpen] = useState(false);
  const membersId = useId();
  const isUnread = read_at === null;
  const isDigest = type === "digest";
  const why = reasonsInWords(reasons);
  const toggle = isUnread ? "Mark as read" : "Mark as unread";
  const { icon } = kindOf(type);
  return (
    <li className={classNames(styles.item, isUnread && styles.unread)} data-notification={id}>
      <div className={styles.row}>
        {actor === null ? (
          <span className={styles.sign}>
            <Icon name={icon} />
          </span>
        ) : (
          <span className={styles.actor}>
            <Avatar person={actor} size="large" />
            <span className={styles.kind}>
              <Icon name={icon} size={10} />
            </span>
          </span>
        )}
        <div className={styles.words}>
          <NotificationLink
            link={link}
            onFollow={() => onFollow(notification, link)}
            className={styles.message}
          >
            {isUnread && <VisuallyHidden>Unread: </VisuallyHidden>}
            {message}
          </NotificationLink>
          <p className={styles.about}>
            <RelativeMoment moment={updated_at} />
            {why !== "" && <span>{` · ${why}`}</span>}
          </p>
          {(count > 1 || isDigest) && (
            <button
              type="button"
              className={styles.disclose}
              aria-expanded={isOpen}
              aria-controls={isOpen ? membersId : undefined}
              onClick={() => setOpen(!isOpen)}
            >
              <Icon name="chevron" size={12} />
              {isOpen ? "Hide" : "Show"} {several(type, count)}
            </button>
          )}
        </div>
        <div className={styles.tools}>
          <ReasonMenu notification={notification} onLeave={onLeave} />
          <button
            type="button"
            className={styles.toggle}
            aria-label={`${toggle}: ${message}`}
            title={toggle}
            data-toggle=""
            onClick={() => onToggle(notification)}
          >
            <i className={styles.dot} />
          </button>
        </div>
      </div>
      {isOpen && (
        <NotificationMembers
          id={membersId}
          notification={notification}
          onFollow={(where) => onFollow(notification, where)}
        />
      )}
    </li>
  );
}

/** A long list is drawn anew only where something has changed. */
export const NotificationItem = memo(NotificationItemOnce);

function several(type: string, count: number): string {
  const what = type === "comment_added" ? "comment" : "notification";
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
