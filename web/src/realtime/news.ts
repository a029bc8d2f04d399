import type { Notification } from "@/lib/contracts/frames.gen";
import type { Inbox } from "@/realtime/inbox";
import { isPushed, type LogChange } from "@/realtime/listing";
import type { Rows } from "@/realtime/rows";

/** Clocks of the services may differ by so much. */
const CLOCKS_DIFFER_MS = 60_000;

export interface News {
  /** Unread, and not heard of before: new, or one more happening was counted into it. */
  news: readonly Notification[];
  /** Known, and rewritten. */
  quiet: readonly Notification[];
}

/** What of a change is news for a person; `known` is every row that was known before it. */
export function newsIn(inbox: Inbox, before: Inbox, known: Rows, change: LogChange): News {
  const rewritten = [...inbox.items.values()].filter((item) => isRewritten(item, before.items.get(item.id)));
  const newest = before.items.values().next().value;
  const news = rewritten.filter((item) => {
    if (item.read_at !== null) return false;
    const asKnown = known.get(item.id);
    if (asKnown !== undefined) return item.count > asKnown.count;
    if (isPushed(change)) return change.type === "NOTIFICATION" && change.payload.change === "added";
    // An old one that is not known here, and was made unread in another window, is none.
    return (
      newest === undefined || Date.parse(item.updated_at) > Date.parse(newest.updated_at) - CLOCKS_DIFFER_MS
    );
  });
  return { news, quiet: rewritten.filter((item) => !news.includes(item)) };
}

/** A row whose task was deleted no longer names it; as it was before, it does. */
export function tasksOf(items: readonly Notification[], known: Rows): readonly string[] {
  const ids = items.flatMap((item) => [item.task_id, known.get(item.id)?.task_id ?? null]);
  return [...new Set(ids.filter((id) => id !== null))];
}

/** Being read is no rewriting; the name or the deletion of a task is, and does not move the row. */
function isRewritten(item: Notification, asKnown: Notification | undefined): boolean {
  if (asKnown === undefined) return true;
  return (["updated_at", "message", "task_id", "link"] as const).some((part) => item[part] !== asKnown[part]);
}
