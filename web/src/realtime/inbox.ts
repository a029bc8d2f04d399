import type { Notification, ServerFrame } from "@/lib/contracts/frames.gen";
import type { components } from "@/lib/contracts/notification-worker.gen";
import { afterFrame, newestFirst, type LogFrame, type Rows } from "@/realtime/rows";

/** A person's inbox as far as this window knows it: the server's numbered log, applied up to `latestSeq`. */
export interface Inbox {
  /** By id, newest first. */
  readonly items: Rows;
  readonly latestSeq: number;
  /** The server's own count, which is exact; more may be unread than are loaded. */
  readonly unreadCount: number;
  /** For so many days a read notification is shown. */
  readonly historyDays: number;
}

export type SyncResult = components["schemas"]["InboxChanges"];

/** `old`: known already. `gap`: an entry before it is missing, so that only a sync helps; the inbox is as it was. */
export type Outcome = "applied" | "old" | "gap";

/** The most that is kept; the oldest go first. The count stays right, since it is the server's. */
export const KEPT_ITEMS = 1_000;

export const EMPTY_INBOX: Inbox = { items: new Map(), latestSeq: 0, unreadCount: 0, historyDays: 30 };

const DAY_MS = 86_400_000;

export function isLogFrame(frame: ServerFrame): frame is LogFrame {
  return ["NOTIFICATION", "READ", "UNREAD", "REMOVED"].includes(frame.type);
}

/** What is unread is shown however old it is; what was read is, until it is older than the history. */
export function isShown(item: Notification, historyDays: number, now: number): boolean {
  return item.read_at === null || Date.parse(item.created_at) > now - historyDays * DAY_MS;
}

function ordered(items: Iterable<Notification>): Rows {
  const sorted = [...items].sort(newestFirst).slice(0, KEPT_ITEMS);
  return new Map(sorted.map((item) => [item.id, item]));
}

export function applySync(inbox: Inbox, result: SyncResult): Inbox {
  const head = {
    latestSeq: result.latest_seq,
    unreadCount: result.unread_count,
    historyDays: result.history_days,
  };
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
    inbox: { ...inbox, items: itemsAfter(inbox.items, frame), latestSeq: seq, unreadCount },
    outcome: "applied",
  };
}

/** A window that was given the newest rows only cannot show an older one that becomes unread: it has to ask. */
function lacksRows(inbox: Inbox, frame: LogFrame): boolean {
  return frame.type === "UNREAD" && frame.payload.ids.some((id) => !inbox.items.has(id));
}

function itemsAfter(items: Rows, frame: LogFrame): Rows {
  if (frame.type !== "NOTIFICATION") return afterFrame(items, frame);
  const { change, unread_count, ...item } = frame.payload;
  return ordered(new Map(items).set(item.id, item).values());
}
