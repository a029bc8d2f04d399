import type { Notification } from "@/lib/contracts/frames.gen";
import type { Inbox } from "@/realtime/inbox";

/** What a person marked and the server has not yet echoed; laid over the inbox, never written into it. */
export type Mark =
  | {
      kind: "read";
      id: string;
      /** The row as it was seen: if it changed since, it stays unread. */ seq: number;
    }
  | { kind: "unread"; id: string }
  | { kind: "all"; upToSeq: number };

export interface View {
  items: readonly Notification[];
  unreadCount: number;
}

const isUnread = (item: Notification) => item.read_at === null;

/** The inbox as it will be once the server has confirmed the marks, applied in the order they were made. */
export function overlay(inbox: Inbox, marks: readonly Mark[], readAt: string): View {
  let items = [...inbox.items.values()];
  let unreadCount = inbox.unreadCount;
  for (const mark of marks) {
    const before = items.filter(isUnread).length;
    items = items.map((item) => marked(item, mark, readAt));
    const after = items.filter(isUnread).length;
    // Unread ones that are not loaded are older than the mark, which therefore reads them too.
    unreadCount = mark.kind === "all" ? after : Math.max(0, unreadCount + after - before);
  }
  return { items, unreadCount };
}

function marked(item: Notification, mark: Mark, readAt: string): Notification {
  switch (mark.kind) {
    case "read":
      return item.id === mark.id && isUnread(item) && item.seq <= mark.seq
        ? { ...item, read_at: readAt }
        : item;
    case "unread":
      return item.id === mark.id && !isUnread(item) ? { ...item, read_at: null } : item;
    case "all":
      return isUnread(item) && item.seq <= mark.upToSeq ? { ...item, read_at: readAt } : item;
  }
}

/** True when the inbox itself says what the mark says, or has moved past it. */
export function isSettled(inbox: Inbox, mark: Mark): boolean {
  if (mark.kind === "all") {
    const newer = [...inbox.items.values()].filter((item) => isUnread(item) && item.seq > mark.upToSeq);
    return inbox.unreadCount <= newer.length;
  }
  const item = inbox.items.get(mark.id);
  if (item === undefined) return true;
  return mark.kind === "read" ? !isUnread(item) || item.seq > mark.seq : isUnread(item);
}
