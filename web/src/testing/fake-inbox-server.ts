import type { Notification } from "@/lib/contracts/frames.gen";
import type { LogFrame, SyncResult } from "@/realtime/inbox";

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
  readonly #removed = new Map<string, number>();

  add(id: string, about: Partial<Notification> = {}): LogFrame {
    this.seq += 1;
    const known = this.items.get(id);
    const moment = new Date(Date.parse("2030-01-01T11:00:00Z") + this.seq * 1000).toISOString();
    const item = aNotification({
      ...about,
      id,
      seq: this.seq,
      created_at: known?.created_at ?? moment,
      updated_at: moment,
    });
    this.items.set(id, item);
    this.#removed.delete(id);
    const change = known === undefined ? "added" : "updated";
    return this.#push({ type: "NOTIFICATION", payload: { ...item, change, unread_count: this.unreadCount } });
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

  sync(afterSeq: number | null): SyncResult {
    const head = { latest_seq: this.seq, unread_count: this.unreadCount };
    const all = [...this.items.values()];
    if (afterSeq === null || afterSeq > this.seq)
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
