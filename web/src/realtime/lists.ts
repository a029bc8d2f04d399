import type { Notification } from "@/lib/contracts/frames.gen";
import type { NotificationsApi } from "@/realtime/api";
import type { Inbox } from "@/realtime/inbox";
import type { LogChange } from "@/realtime/listing";
import type { View } from "@/realtime/marks";
import { Pager, type More } from "@/realtime/pager";
import { compareMoments, newestFirst, withRow, type Rows } from "@/realtime/rows";

export type Which = "unread" | "all";

export interface List {
  /** Newest first. */
  items: readonly Notification[];
  more: More;
}

/** A sync that starts anew gives at least so many of the newest. */
export const NEWEST = 50;

export const NO_LISTS: Record<Which, List> = {
  unread: { items: [], more: "idle" },
  all: { items: [], more: "idle" },
};

/**
 * The two lists of a person's notifications: the inbox, and below it what the server gives in pages. A row that both
 * hold is shown as it was last heard of. What is unread and old shows in "all" only once the pages have come to it.
 */
export class Lists {
  readonly #pagers: Record<Which, Pager>;
  #lists = NO_LISTS;
  #known: { of: readonly unknown[]; rows: Rows } = { of: [], rows: new Map() };

  constructor(api: Pick<NotificationsApi, "history" | "unread">, onChange: () => void) {
    this.#pagers = {
      all: new Pager({ fetchPage: api.history, onChange }),
      unread: new Pager({ fetchPage: api.unread, onChange }),
    };
  }

  apply(change: LogChange, inbox: Inbox): void {
    for (const pager of this.#both()) pager.apply(change, inbox);
  }

  /** Fetches on until there is something that the list does not show. */
  async load(which: Which): Promise<void> {
    const shown = new Set(this.#lists[which].items.map(({ id }) => id));
    await this.#pagers[which].load((id) => !shown.has(id));
  }

  /** Every row of which this window knows, newest first. */
  known({ items }: Inbox): Rows {
    const pagers = this.#both();
    const of = [items, ...pagers.flatMap(({ listing, isStale }) => [listing.rows, isStale])];
    if (of.some((part, at) => part !== this.#known.of[at])) this.#known = { of, rows: joined(items, pagers) };
    return this.#known.rows;
  }

  /** `view` is of what is known, under the marks. */
  of({ items, unreadCount }: View): Record<Which, List> {
    const unread = items.filter(({ read_at }) => read_at === null);
    const { isStale, more } = this.#pagers.unread;
    // Pages that are out of date may hold what is no longer unread, or gone.
    const isAllUnread = unread.length >= unreadCount && !isStale && more !== "loading";
    this.#lists = {
      unread: { items: unread, more: isAllUnread ? "end" : more },
      all: { items: this.#reached(items), more: this.#pagers.all.more },
    };
    return this.#lists;
  }

  #reached(items: readonly Notification[]): readonly Notification[] {
    const { reach, isWhole } = this.#pagers.all.listing;
    if (isWhole) return items;
    if (reach === null) return items.slice(0, NEWEST);
    const below = items.findIndex(({ updated_at }) => compareMoments(updated_at, reach.created_at) < 0);
    return below === -1 ? items : items.slice(0, below);
  }

  #both(): readonly Pager[] {
    return [this.#pagers.all, this.#pagers.unread];
  }
}

function joined(items: Rows, pagers: readonly Pager[]): Rows {
  const rows = new Map(items);
  for (const { listing, isStale } of pagers)
    for (const row of listing.rows.values()) if (!isStale || !rows.has(row.id)) withRow(rows, row);
  if (rows.size === items.size) {
    // The inbox is in order already, unless a page has brought what the log has not said yet.
    const isSame = [...rows].every(([id, row]) => items.get(id) === row);
    if (isSame) return items;
  }
  return new Map([...rows.values()].sort(newestFirst).map((row) => [row.id, row]));
}
