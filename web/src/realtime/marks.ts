import type { Notification } from "@/lib/contracts/frames.gen";
import type { Rows } from "@/realtime/rows";

/** What a person marked and the server has not yet echoed; laid over what is known, never written into it. */
export type Mark =
  | {
      kind: "read";
      id: string;
      /** The row as it was seen: if it changed since, it stays unread. */ seq: number;
    }
  | { kind: "unread"; ids: readonly string[] }
  | { kind: "all"; upToSeq: number };

export interface View {
  /** Newest first. */
  items: readonly Notification[];
  unreadCount: number;
}

/** What the server has said: the rows, and its count of all that is unread. */
export interface Known {
  readonly items: Rows;
  readonly unreadCount: number;
}

const isUnread = (item: Notification) => item.read_at === null;

/** What is known as it will be once the server has confirmed the marks, applied in the order they were made. */
export function overlay(known: Known, marks: readonly Mark[], readAt: string): View {
  let items = [...known.items.values()];
  let unreadCount = known.unreadCount;
  for (const mark of marks) {
    const before = items.filter(isUnread).length;
    const concerns = concernsOf(mark);
    items = items.map((item) =>
      concerns(item) ? { ...item, read_at: mark.kind === "unread" ? null : readAt } : item,
    );
    const after = items.filter(isUnread).length;
    // Unread ones that are not loaded are older than the mark, which therefore reads them too.
    unreadCount = mark.kind === "all" ? after : Math.max(0, unreadCount + after - before);
  }
  return { items, unreadCount };
}

function concernsOf(mark: Mark): (item: Notification) => boolean {
  switch (mark.kind) {
    case "read":
      return (item) => item.id === mark.id && isUnread(item) && item.seq <= mark.seq;
    case "unread": {
      const ids = new Set(mark.ids);
      return (item) => ids.has(item.id) && !isUnread(item);
    }
    case "all":
      return (item) => isUnread(item) && item.seq <= mark.upToSeq;
  }
}

/** True when what is known says what the mark says, or has moved past it. */
export function isSettled({ items, unreadCount }: Known, mark: Mark): boolean {
  switch (mark.kind) {
    case "all":
      return (
        unreadCount <= [...items.values()].filter((item) => isUnread(item) && item.seq > mark.upToSeq).length
      );
    case "read": {
      const item = items.get(mark.id);
      return item === undefined || !isUnread(item) || item.seq > mark.seq;
    }
    case "unread":
      return mark.ids.map((id) => items.get(id)).every((item) => item === undefined || isUnread(item));
  }
}
