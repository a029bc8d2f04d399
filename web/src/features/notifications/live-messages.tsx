import { useCallback, useEffect } from "react";
import { useLocation, useNavigate } from "react-router";

import { useAnnounce } from "@/components/announcer";
import { Avatar } from "@/components/avatar";
import { useToasts } from "@/components/toasts";
import { pathInside } from "@/features/notifications/link";
import { reasonsInWords } from "@/features/notifications/reasons";
import type { Notification } from "@/lib/contracts/frames.gen";
import { explain } from "@/lib/problems";
import type { FeedEvent } from "@/realtime/feed";
import { useNotificationEvents, useNotifications } from "@/realtime/use-notifications";

/** Turns what happens into toasts, announcements and the title of the document; draws nothing itself. */
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

  useEffect(() => {
    const taskId = /^\/tasks\/([^/]+)$/u.exec(pathname)?.[1];
    if (taskId !== undefined) dismissTopic(taskId);
  }, [dismissTopic, pathname]);

  const tell = useCallback(
    (notification: Notification) => {
      const { id, actor, link, message, reasons, task_id } = notification;
      announce(message);
      // Who looks at the task sees it change.
      const isLookedAt = task_id !== null && pathname === `/tasks/${task_id}` && document.hasFocus();
      if (isLookedAt) return;
      const path = pathInside(link);
      const open = () => {
        markRead(id);
        if (path !== null) void navigate(path);
      };
      toast({
        title: message,
        detail: reasonsInWords(reasons),
        topic: task_id,
        leading: <Avatar person={actor ?? { id: null, name: "Taskify" }} />,
        ...(path !== null && { action: { label: "Open", run: open } }),
      });
    },
    [announce, markRead, navigate, pathname, toast],
  );

  const onEvent = useCallback(
    (event: FeedEvent) => {
      if (event.kind === "arrived") {
        tell(event.notification);
      } else if (event.kind === "backlog") {
        const [only, ...others] = event.notifications;
        if (only !== undefined && others.length === 0) {
          tell(only);
          return;
        }
        const title = `${event.notifications.length} new notifications while you were away`;
        toast({ title, detail: "The bell has them all." });
        announce(title);
      } else if (event.kind === "refused") {
        const wanted = event.mark.kind === "unread" ? "unread" : "read";
        const title = `Could not mark as ${wanted}`;
        toast({ title, detail: explain(event.error), look: "problem" });
        announce(title);
      }
    },
    [announce, tell, toast],
  );
  useNotificationEvents(onEvent);

  return null;
}
