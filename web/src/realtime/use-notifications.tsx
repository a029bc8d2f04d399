import { createContext, useContext, useEffect, useMemo, useSyncExternalStore, type ReactNode } from "react";

import type { FeedEvent, FeedState, NotificationFeed } from "@/realtime/feed";

export interface Notifications extends FeedState {
  markRead: (id: string) => void;
  markUnread: (id: string) => void;
  markAllRead: () => void;
  /** Connects and loads now, for a person who does not want to wait. */
  retry: () => void;
}

const FeedContext = createContext<NotificationFeed | null>(null);

/** Runs the feed for as long as it is on the page. */
export function NotificationsProvider({ feed, children }: { feed: NotificationFeed; children: ReactNode }) {
  useEffect(() => {
    feed.start();
    return () => feed.stop();
  }, [feed]);
  return <FeedContext value={feed}>{children}</FeedContext>;
}

function useFeed(): NotificationFeed {
  const feed = useContext(FeedContext);
  if (feed === null) throw new Error("useNotifications is for what stands inside a NotificationsProvider");
  return feed;
}

/** Everything a component may want of the notifications; marks show at once and are undone if the server refuses. */
export function useNotifications(): Notifications {
  const feed = useFeed();
  const state = useSyncExternalStore(feed.subscribe, feed.state);
  return useMemo(
    () => ({
      ...state,
      markRead: (id: string) => feed.markRead(id),
      markUnread: (id: string) => feed.markUnread(id),
      markAllRead: () => feed.markAllRead(),
      retry: () => feed.retry(),
    }),
    [feed, state],
  );
}

/** What happens once: something arrived, a backlog came, a mark was refused. `listener` should be stable. */
export function useNotificationEvents(listener: (event: FeedEvent) => void): void {
  const feed = useFeed();
  useEffect(() => feed.onEvent(listener), [feed, listener]);
}
