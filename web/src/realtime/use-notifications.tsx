import { createContext, useContext, useEffect, useMemo, useSyncExternalStore, type ReactNode } from "react";

import type { MemberPage } from "@/realtime/api";
import type { FeedEvent, FeedState, NotificationFeed } from "@/realtime/feed";
import type { Which } from "@/realtime/lists";

export interface Notifications extends FeedState {
  markRead: (id: string) => void;
  markUnread: (...ids: readonly string[]) => void;
  markAllRead: () => void;
  loadMore: (which: Which) => void;
  /** The events that a row stands for, newest first, a page at a time. */
  members: (id: string, cursor: string | null, limit: number) => Promise<MemberPage>;
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

/** For what is done, and not for what is drawn: it does not follow the state. */
export function useFeed(): NotificationFeed {
  const feed = useContext(FeedContext);
  if (feed === null) throw new Error("useNotifications is for what stands inside a NotificationsProvider");
  return feed;
}

/** Everything a component may want of the notifications; marks show at once and are undone if the server refuses. */
export function useNotifications(): Notifications {
  const feed = useFeed();
  const state = useSyncExternalStore(feed.subscribe, feed.state);
  const actions = useMemo(
    () => ({
      markRead: (id: string) => feed.markRead(id),
      markUnread: (...ids: readonly string[]) => feed.markUnread(...ids),
      markAllRead: () => feed.markAllRead(),
      loadMore: (which: Which) => feed.loadMore(which),
      members: (...request: Parameters<NotificationFeed["members"]>) => feed.members(...request),
      retry: () => feed.retry(),
    }),
    [feed],
  );
  return useMemo(() => ({ ...state, ...actions }), [state, actions]);
}

/** What happens once: something arrived, a backlog came, a mark was refused. `listener` should be stable. */
export function useNotificationEvents(listener: (event: FeedEvent) => void): void {
  const feed = useFeed();
  useEffect(() => feed.onEvent(listener), [feed, listener]);
}
