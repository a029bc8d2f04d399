import type { Notification } from "@/lib/contracts/frames.gen";
import type { Inbox, SyncResult } from "@/realtime/inbox";
import {
  afterFrame,
  comparePositions,
  withRow,
  without,
  type LogFrame,
  type Position,
  type Rows,
} from "@/realtime/rows";

/**
 * A list that the server gives in pages, from the newest down, as far as it was fetched: it holds every row of the list
 * at or above `reach`, and goes on holding them as the log goes on. The server pages by what never changes of a row,
 * so that the next page begins where the last one ended, whatever happened meanwhile.
 */
export interface Listing {
  readonly rows: Rows;
  /** The last row of the last page; null before the first. */
  readonly reach: Position | null;
  /** What the next page is asked for with. */
  readonly cursor: string | null;
  /** The last page was the last one. */
  readonly isWhole: boolean;
}

export interface Page {
  readonly items: readonly Notification[];
  readonly next: string | null;
}

/** What moves the inbox on: a pushed entry of its log, or the answer of a sync. */
export type LogChange = LogFrame | SyncResult;

export const NOTHING_LISTED: Listing = { rows: new Map(), reach: null, cursor: null, isWhole: false };

export function isPushed(change: LogChange): change is LogFrame {
  return "type" in change;
}

export function withPage(listing: Listing, page: Page): Listing {
  const rows = new Map(listing.rows);
  for (const row of page.items) withRow(rows, row);
  const last = page.items.at(-1);
  return {
    rows,
    reach: last === undefined ? listing.reach : { created_at: last.created_at, id: last.id },
    cursor: page.next,
    isWhole: page.next === null,
  };
}

/** `inbox` is the one after the change, which holds the rows that an entry only names. */
export function withChange(listing: Listing, change: LogChange, inbox: Inbox): Listing {
  if (!isPushed(change)) {
    const rest = { ...listing, rows: without(listing.rows, change.removed_ids, change.latest_seq) };
    return withRows(rest, change.items);
  }
  if (change.type === "NOTIFICATION") {
    const { change: kind, unread_count, ...row } = change.payload;
    return withRows(listing, [row]);
  }
  const after = { ...listing, rows: afterFrame(listing.rows, change) };
  if (change.type !== "UNREAD") return after;
  const named = change.payload.ids.map((id) => inbox.items.get(id)).filter((row) => row !== undefined);
  return withRows(after, named);
}

/** True when everything that `other` holds lies within what `listing` was fetched down to. */
export function reachesAsFarAs(listing: Listing, other: Listing): boolean {
  if (listing.isWhole || other.reach === null) return true;
  return listing.reach !== null && comparePositions(other.reach, listing.reach) <= 0;
}

/** Of rows from elsewhere those are taken that stand where the pages have been. */
function withRows(listing: Listing, some: readonly Notification[]): Listing {
  const { reach, isWhole } = listing;
  const taken = some.filter(
    (row) => isWhole || listing.rows.has(row.id) || (reach !== null && comparePositions(row, reach) <= 0),
  );
  if (taken.length === 0) return listing;
  const rows = new Map(listing.rows);
  for (const row of taken) withRow(rows, row);
  return { ...listing, rows };
}
