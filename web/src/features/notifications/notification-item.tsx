import type { ReactNode } from "react";
import { Link } from "react-router";

import { Avatar } from "@/components/avatar";
import { Icon } from "@/components/icon";
import { RelativeMoment } from "@/components/relative-moment";
import { VisuallyHidden } from "@/components/visually-hidden";
import { addressOutside, pathInside } from "@/features/notifications/link";
import { reasonsInWords } from "@/features/notifications/reasons";
import { classNames } from "@/lib/class-names";
import type { Notification } from "@/lib/contracts/frames.gen";

import styles from "./notification-item.module.css";

interface NotificationItemProps {
  notification: Notification;
  onFollow: (notification: Notification) => void;
  onToggle: (notification: Notification) => void;
}

export function NotificationItem({ notification, onFollow, onToggle }: NotificationItemProps) {
  const { actor, count, link, message, reasons, read_at, updated_at } = notification;
  const isUnread = read_at === null;
  const why = reasonsInWords(reasons);
  const toggle = isUnread ? "Mark as read" : "Mark as unread";
  return (
    <li className={classNames(styles.item, isUnread && styles.unread)} data-notification={notification.id}>
      {actor === null ? (
        <span className={styles.sign}>
          <Icon name="bell" />
        </span>
      ) : (
        <Avatar person={actor} size="large" />
      )}
      <div className={styles.words}>
        <Target link={link} onFollow={() => onFollow(notification)}>
          {isUnread && <VisuallyHidden>Unread: </VisuallyHidden>}
          {message}
          {count > 1 && <span className={styles.count}> ×{count}</span>}
        </Target>
        <p className={styles.about}>
          <RelativeMoment moment={updated_at} />
          {why !== "" && <span>{` · ${why}`}</span>}
        </p>
      </div>
      <button
        type="button"
        className={styles.toggle}
        aria-label={`${toggle}: ${message}`}
        title={toggle}
        onClick={() => onToggle(notification)}
      >
        <i className={styles.dot} />
      </button>
    </li>
  );
}

interface TargetProps {
  link: string | null;
  onFollow: () => void;
  children: ReactNode;
}

/** Where it leads: into the page, out of it, or (its task was deleted) nowhere. Each can be reached by the keyboard. */
function Target({ link, onFollow, children }: TargetProps) {
  const inside = pathInside(link);
  const outside = addressOutside(link);
  if (inside !== null)
    return (
      <Link to={inside} className={styles.message} data-row="" onClick={onFollow}>
        {children}
      </Link>
    );
  if (outside !== null)
    return (
      <a
        href={outside}
        target="_blank"
        rel="noreferrer"
        className={styles.message}
        data-row=""
        onClick={onFollow}
      >
        {children}
      </a>
    );
  return (
    <button type="button" className={styles.message} data-row="" onClick={onFollow}>
      {children}
    </button>
  );
}
