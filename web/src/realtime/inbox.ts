import type { Notification, ReadPayload, ServerFrame } from "@/lib/contracts/frames.gen";
import type { components } from "@/lib/contracts/notification-worker.gen";

/** A person's inbox as far as this window knows it: the server's numbered log, applied up to `latestSeq`. */
export interface Inbox {
  /** By id, newest first. */
  readonly items: ReadonlyMap<string, Notification>;
  readonly latestSeq: number;
  /** The server's own count, which is exact; more may be unread than are loaded. */
  readonly unreadCount: number;
}

export type SyncResult = components["schemas"]["InboxChanges"];

/** The frames that are entries of the log. */
export type LogFrame = Extract<ServerFrame, { type: "NOTIFICATION" | "READ" | "UNREAD" | "REMOVED" }>;

/** `old`: known already. `gap`: an entry before it is missing, so that only a sync helps; the inbox is as it was. */
export type Outcome = "applied" | "old" | "gap";

/** The most that is kept; the oldest go first. The count stays right, since it is the server's. */
export const KEPT_ITEMS = 1_000;

export const EMPTY_INBOX: Inbox = { items: new Map(), latestSeq: 0, unreadCount: 0 };

export function isLogFrame(frame: ServerFrame): frame is LogFrame {
  return ["NOTIFICATION", "READ", "UNREAD", "REMOVED"].includes(frame.type);
}

/** Newest first; the id decides among those of one moment, as it does on the server. */
function newestFirst(one: Notification, other: Notification): number {
  const [a, b] = [Date.parse(one.created_at), Date.parse(other.created_at)];
  if (a !== b) return b - a;
  return one.id < other.id ? 1 : -1;
}

function ordered(items: Iterable<Notification>): ReadonlyMap<string, Notification> {
  const sorted = [...items].sort(newestFirst).slice(0, KEPT_ITEMS);
  return new Map(sorted.map((item) => [item.id, item]));
}

export function applySync(inbox: Inbox, result: SyncResult): Inbox {
  const head = { latestSeq: result.latest_seq, unreadCount: result.unread_count };
  if (result.reset) return { items: ordered(result.items), ...head };
  // An answer from before what was applied since says nothing new.
  if (result.latest_seq < inbox.latestSeq) return inbox;
  const items = new Map(inbox.items);
  for (const item of result.items) items.set(item.id, item);
  for (const id of result.removed_ids) items.delete(id);
  return { items: ordered(items.values()), ...head };
}

export function applyFrame(inbox: Inbox, frame: LogFrame): { inbox: Inbox; outcome: Outcome } {
  const { seq, unread_count: unreadCount } = frame.payload;
  if (seq <= inbox.latestSeq) return { inbox, outcome: "old" };
  if (seq > inbox.latestSeq + 1 || lacksRows(inbox, frame)) return { inbox, outcome: "gap" };
  return {
    inbox: { items: itemsAfter(inbox.items, frame), latestSeq: seq, unreadCount },
    outcome: "applied",
  };
}

/** A window that was given the newest rows only cannot show an older one that becomes unread: it has to ask. */
function lacksRows(inbox: Inbox, frame: LogFrame): boolean {
  return frame.type === "UNREAD" && frame.payload.ids.some((id) => !inbox.items.has(id));
}

function itemsAfter(items: Inbox["items"], frame: LogFrame): Inbox["items"] {
  switch (frame.type) {
    case "NOTIFICATION": {
      const { change, unread_count, ...item } = frame.payload;
      return ordered(new Map(items).set(item.id, item).values());
    }
    case "READ":
      return changed(items, frame.payload.seq, readBy(frame.payload), frame.payload.read_at);
    case "UNREAD": {
      const ids = new Set(frame.payload.ids);
      return changed(items, frame.payload.seq, (item) => ids.has(item.id) && item.read_at !== null, null);
    }
    case "REMOVED": {
      const rest = new Map(items);
      for (const id of frame.payload.ids) rest.delete(id);
      return rest;
    }
  }
}

function readBy({ ids, up_to_seq: upToSeq }: Partial<ReadPayload>): (item: Notification) => boolean {
  const named = new Set(ids ?? []);
  const head = upToSeq ?? -1;
  return (item) => item.read_at === null && (named.has(item.id) || item.seq <= head);
}

/** One command has one number, and every row that it changes takes it. */
function changed(
  items: Inbox["items"],
  seq: number,
  concerns: (item: Notification) => boolean,
  readAt: string | null,
): Inbox["items"] {
  const entries = [...items].map(
    ([id, item]) => [id, concerns(item) ? { ...item, seq, read_at: readAt } : item] as const,
  );
  return new Map(entries);
}
