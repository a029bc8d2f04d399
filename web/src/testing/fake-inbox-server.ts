import type { Notification } from "@/lib/contracts/frames.gen";
import type { Member, MemberPage } from "@/realtime/api";
import type { SyncResult } from "@/realtime/inbox";
import type { Page } from "@/realtime/listing";
import { comparePositions, type LogFrame } from "@/realtime/rows";

export function aNotification(about: Partial<Notification> & { id: string }): Notification {
  return {
    seq: 1,
    type: "task_assigned",
    message: `Message ${about.id}`,
    task_id: null,
    link: null,
    actor: null,
    reasons: ["assigned"],
    count: 1,
    created_at: "2030-01-01T11:00:00Z",
    updated_at: "2030-01-01T11:00:00Z",
    read_at: null,
    ...about,
  };
}

/** A person's inbox as the server keeps it: each command moves the number on by one and pushes one frame. */
export class FakeInboxServer {
  items = new Map<string, Notification>();
  seq = 0;
  readonly pushed: LogFrame[] = [];
  readonly members = new Map<string, Member[]>();
  historyDays = 30;
  readonly #removed = new Map<string, number>();
  #forgotten = 0;

  add(id: string, about: Partial<Notification> = {}): LogFrame {
    this.seq += 1;
    const known = this.items.get(id);
    const moment = new Date(Date.parse("2030-01-01T11:00:00Z") + this.seq * 1000).toISOString();
    const item = aNotification({
      created_at: known?.created_at ?? moment,
      updated_at: moment,
      ...about,
      id,
      seq: this.seq,
    });
    this.items.set(id, item);
    this.#removed.delete(id);
    const change = known === undefined ? "added" : "updated";
    return this.#push({ type: "NOTIFICATION", payload: { ...item, change, unread_count: this.unreadCount } });
  }

  /** What a row says changes, because its task was renamed or deleted; when it happened does not. */
  rewrite(id: string, about: Partial<Notification>): LogFrame {
    const { created_at, updated_at, read_at } = this.items.get(id) ?? aNotification({ id });
    return this.add(id, { ...this.items.get(id), ...about, created_at, updated_at, read_at });
  }

  read(ids: string[]): LogFrame {
    const readAt = this.#mark(
      (item) => ids.includes(item.id) && item.read_at === null,
      "2030-01-01T13:00:00Z",
    );
    const payload = { seq: this.seq, ids, up_to_seq: null, read_at: readAt, unread_count: this.unreadCount };
    return this.#push({ type: "READ", payload });
  }

  readAll(upToSeq: number): LogFrame {
    const readAt = this.#mark((item) => item.seq <= upToSeq && item.read_at === null, "2030-01-01T13:00:00Z");
    const payload = {
      seq: this.seq,
      ids: null,
      up_to_seq: upToSeq,
      read_at: readAt,
      unread_count: this.unreadCount,
    };
    return this.#push({ type: "READ", payload });
  }

  unread(ids: string[]): LogFrame {
    this.#mark((item) => ids.includes(item.id) && item.read_at !== null, null);
    // Like the server, which names the rows that it has changed and no other.
    const held = ids.filter((id) => this.items.has(id));
    return this.#push({
      type: "UNREAD",
      payload: { seq: this.seq, ids: held, unread_count: this.unreadCount },
    });
  }

  remove(ids: string[]): LogFrame {
    this.seq += 1;
    for (const id of ids) if (this.items.delete(id)) this.#removed.set(id, this.seq);
    return this.#push({ type: "REMOVED", payload: { seq: this.seq, ids, unread_count: this.unreadCount } });
  }

  /** From here on a window that is behind has to start anew. */
  forget(): void {
    this.#forgotten = this.seq;
  }

  /** A page of everything, or of what is unread; the cursor is a position, as it is on the server. */
  page(cursor: string | null, limit: number, { isUnread = false } = {}): Page {
    const after = cursor === null ? null : (JSON.parse(cursor) as { created_at: string; id: string });
    const listed = [...this.items.values()]
      .filter((item) => !isUnread || item.read_at === null)
      .filter((item) => after === null || comparePositions(item, after) > 0)
      .sort(comparePositions);
    const items = listed.slice(0, limit);
    const last = items.at(-1);
    const isLast = last === undefined || listed.length <= limit;
    return { items, next: isLast ? null : JSON.stringify({ created_at: last.created_at, id: last.id }) };
  }

  membersOf(id: string, cursor: string | null, limit: number): MemberPage {
    const all = this.members.get(id) ?? [];
    const from = Number(cursor ?? 0);
    const end = from + limit;
    return { items: all.slice(from, end), next: end < all.length ? String(end) : null };
  }

  sync(afterSeq: number | null): SyncResult {
    const head = {
      latest_seq: this.seq,
      unread_count: this.unreadCount,
      history_days: this.historyDays,
    };
    const all = [...this.items.values()];
    if (afterSeq === null || afterSeq > this.seq || afterSeq < this.#forgotten)
      return { items: all, removed_ids: [], reset: true, ...head };
    const removed = [...this.#removed].filter(([, seq]) => seq > afterSeq);
    return {
      items: all.filter((item) => item.seq > afterSeq),
      removed_ids: removed.map(([id]) => id),
      reset: false,
      ...head,
    };
  }

  get unreadCount(): number {
    return [...this.items.values()].filter((item) => item.read_at === null).length;
  }

  /** `up_to_seq` compares with the numbers from before the command, so they are looked at first. */
  #mark(concerns: (item: Notification) => boolean, readAt: string | null): string {
    this.seq += 1;
    for (const item of this.items.values())
      if (concerns(item)) this.items.set(item.id, { ...item, seq: this.seq, read_at: readAt });
    return readAt ?? "";
  }

  #push(frame: LogFrame): LogFrame {
    this.pushed.push(frame);
    return frame;
  }
}
