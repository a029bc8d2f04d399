import { useCallback, useEffect } from "react";
import { useLocation, useNavigate } from "react-router";

import { useAnnounce } from "@/components/announcer";
import { Avatar } from "@/components/avatar";
import { Icon } from "@/components/icon";
import { useToasts } from "@/components/toasts";
import { markFavicon } from "@/features/notifications/favicon";
import { kindOf } from "@/features/notifications/kinds";
import { addressOutside, pathInside } from "@/features/notifications/link";
import { reasonsInWords } from "@/features/notifications/reasons";
import { useUnseen } from "@/features/notifications/use-unseen";
import type { Notification } from "@/lib/contracts/frames.gen";
import { explain } from "@/lib/problems";
import type { FeedEvent } from "@/realtime/feed";
import { useNotificationEvents, useNotifications } from "@/realtime/use-notifications";

import styles from "./live-messages.module.css";

/** Turns what happens into toasts, announcements, the title of the document and its icon; draws nothing itself. */
export function LiveMessages() {
  const { unreadCount, markRead } = useNotifications();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const { show: toast, dismissTopic } = useToasts();
  const announce = useAnnounce();

  useEffect(() => {
    document.title = unreadCount === 0 ? "Taskify" : `(${unreadCount}) Taskify`;
    return () => {
      document.title = "Taskify";
    };
  }, [unreadCount]);

  const isUnread = unreadCount > 0;
  useEffect(() => {
    markFavicon(document, isUnread);
    return () => markFavicon(document, false);
  }, [isUnread]);

  useEffect(() => {
    const taskId = /^\/tasks\/([^/]+)$/u.exec(pathname)?.[1];
    if (taskId !== undefined) dismissTopic(taskId);
  }, [dismissTopic, pathname]);

  const tellOne = useCallback(
    (notification: Notification) => {
      const { id, link, message, task_id } = notification;
      announce(message);
      // Who looks at the task sees it change.
      const isLookedAt = task_id !== null && pathname === `/tasks/${task_id}` && document.hasFocus();
      if (isLookedAt) return;
      const path = pathInside(link);
      const address = addressOutside(link);
      const open = () => {
        markRead(id);
        if (path !== null) void navigate(path);
        else if (address !== null) window.open(address, "_blank", "noreferrer");
      };
      toast({
        title: message,
        detail: detailOf(notification),
        // One row of the inbox is one toast, however often something is added to it.
        id,
        topic: task_id,
        leading: <Sign notification={notification} />,
        ...((path ?? address) !== null && { action: { label: "Open", run: open } }),
      });
    },
    [announce, markRead, navigate, pathname, toast],
  );

  const tell = useCallback(
    (notifications: readonly Notification[]) => {
      const [only, ...others] = notifications;
      if (only !== undefined && others.length === 0) {
        tellOne(only);
        return;
      }
      const title = `${notifications.length} new notifications while you were away`;
      toast({ title, detail: "The bell has them all." });
      announce(title);
    },
    [announce, tellOne, toast],
  );
  const holdUnseen = useUnseen(tell);

  const onEvent = useCallback(
    (event: FeedEvent) => {
      if (event.kind === "arrived") {
        if (!holdUnseen([event.notification])) tellOne(event.notification);
      } else if (event.kind === "backlog") {
        if (!holdUnseen(event.notifications)) tell(event.notifications);
      } else if (event.kind === "refused") {
        const wanted = event.mark.kind === "unread" ? "unread" : "read";
        const title = `Could not mark as ${wanted}`;
        toast({ title, detail: explain(event.error), look: "problem" });
        announce(title);
      }
    },
    [announce, holdUnseen, tell, tellOne, toast],
  );
  useNotificationEvents(onEvent);

  return null;
}

/** Who did it; or, where nobody in person did, what kind of thing it is. */
function Sign({ notification: { actor, type } }: { notification: Notification }) {
  if (actor !== null) return <Avatar person={actor} />;
  return (
    <span className={styles.sign}>
      <Icon name={kindOf(type).icon} size={14} />
    </span>
  );
}

/** What the message leaves out: how often, and why. */
function detailOf({ count, reasons, type }: Notification): string {
  const times = type === "comment_added" ? `${count} comments` : `${count} times`;
  const often = count > 1 && type !== "digest" ? times : "";
  return [often, reasonsInWords(reasons)].filter((words) => words !== "").join(" · ");
}
