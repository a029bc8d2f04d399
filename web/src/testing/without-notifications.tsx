import type { ReactNode } from "react";

import type { FeedState } from "@/realtime/feed";

/**
 * What the mode `without-notifications` has in the place of everything in `features/notifications/` and `realtime/`: the
 * same page with no bell, no panel, no socket and no inbox, to weigh the page against. A build fails on a name that is
 * missing here.
 */
function nothing() {
  return undefined;
}
const NONE: FeedState = {
  items: [],
  unreadCount: 0,
  lists: { unread: { items: [], more: "end" }, all: { items: [], more: "end" } },
  historyDays: 30,
  status: "ready",
  connection: "live",
  closedWith: null,
};

export const Bell = () => null;
export const ConnectionLine = () => null;
export const LiveMessages = () => null;
export const MutedList = () => null;
export const NotificationPreferences = () => null;
export const NotificationsProvider = ({ children }: { children: ReactNode }) => children;
export const MutedTasksProvider = ({ children }: { children: ReactNode }) => children;
export const NotificationFeed = nothing;
export const notificationsApi = nothing;
export const browserSurroundings = nothing;
export const useNotifications = () => NONE;
export const useNotificationEvents = nothing;
export const useMuting = () => ({ isMuted: null, change: nothing });
