import type { Notification, ReadPayload, ServerFrame } from "@/lib/contracts/frames.gen";

/** Notifications by id, and what the entries of the numbered log do to them. */
export type Rows = ReadonlyMap<string, Notification>;

/** The frames that are entries of the log. */
export type LogFrame = Extract<ServerFrame, { type: "NOTIFICATION" | "READ" | "UNREAD" | "REMOVED" }>;

/** To the microsecond, as the server counts; `Date` ends at milliseconds. Negative: `one` is the earlier. */
export function compareMoments(one: string, other: string): number {
  if (one === other) return 0;
  const difference = Date.parse(one) - Date.parse(other);
  if (difference !== 0) return difference;
  return compareText(fractionOf(one), fractionOf(other));
}

const fractionOf = (moment: string) => (/\.(\d+)/u.exec(moment)?.[1] ?? "").padEnd(9, "0");

function compareText(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** What happened last comes first; the id decides among those of one moment, as it does on the server. */
export function newestFirst(one: Notification, other: Notification): number {
  return compareMoments(other.updated_at, one.updated_at) || compareText(other.id, one.id);
}

/** Where a row stands in the pages of the server, which follow what never changes. */
export interface Position {
  readonly created_at: string;
  readonly id: string;
}

/** Negative: the server lists `one` before `other`. */
export function comparePositions(one: Position, other: Position): number {
  return compareMoments(other.created_at, one.created_at) || compareText(other.id, one.id);
}

/** A row that is known as it was later stays as it is. */
export function withRow(rows: Map<string, Notification>, row: Notification): void {
  const known = rows.get(row.id);
  if (known === undefined || known.seq <= row.seq) rows.set(row.id, row);
}

/**
 * The same rows after one more entry of the log; an entry that adds a row is for the caller to take or leave. Rows may
 * be ahead of the log, since a page can be newer than the last entry that came: what they are is never undone.
 */
export function afterFrame(rows: Rows, frame: Exclude<LogFrame, { type: "NOTIFICATION" }>): Rows {
  const { seq } = frame.payload;
  switch (frame.type) {
    case "READ":
      return changed(rows, seq, readBy(frame.payload), frame.payload.read_at);
    case "UNREAD": {
      const ids = new Set(frame.payload.ids);
      return changed(rows, seq, (row) => ids.has(row.id) && row.read_at !== null, null);
    }
    case "REMOVED":
      return without(rows, frame.payload.ids, seq);
  }
}

export function without(rows: Rows, ids: readonly string[], seq: number): Rows {
  const gone = ids.filter((id) => (rows.get(id)?.seq ?? seq + 1) <= seq);
  if (gone.length === 0) return rows;
  const rest = new Map(rows);
  for (const id of gone) rest.delete(id);
  return rest;
}

function readBy({ ids, up_to_seq: upToSeq }: Partial<ReadPayload>): (row: Notification) => boolean {
  const named = new Set(ids ?? []);
  const head = upToSeq ?? -1;
  return (row) => row.read_at === null && (named.has(row.id) || row.seq <= head);
}

/** One command has one number, and every row that it changes takes it. */
function changed(
  rows: Rows,
  seq: number,
  concerns: (row: Notification) => boolean,
  readAt: string | null,
): Rows {
  const entries = [...rows].map(
    ([id, row]) => [id, row.seq < seq && concerns(row) ? { ...row, seq, read_at: readAt } : row] as const,
  );
  return new Map(entries);
}
