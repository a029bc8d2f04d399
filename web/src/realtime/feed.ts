import type { Random } from "@/lib/backoff";
import type { Clock } from "@/lib/clock";
import type { Notification } from "@/lib/contracts/frames.gen";
import type { TokenSource } from "@/realtime/access-token";
import type { MemberPage, NotificationsApi } from "@/realtime/api";
import { CatchUp } from "@/realtime/catch-up";
import { EMPTY_INBOX, isLogFrame, type Inbox } from "@/realtime/inbox";
import { isPushed, type LogChange } from "@/realtime/listing";
import { Lists, NO_LISTS, type List, type Which } from "@/realtime/lists";
import { isSettled, overlay, type Known, type Mark, type View } from "@/realtime/marks";
import { newsIn, tasksOf } from "@/realtime/news";
import { NotificationSocket, type Phase, type SocketLike } from "@/realtime/socket";
import type { Occasion, Surroundings } from "@/realtime/surroundings";

/**
 * One person's notifications in this window: socket, catch-up and marks put together, as one state to look at.
 *
 * `live`: pushed as it happens. `connecting`: on its way. `offline`: the browser has no network. `polling`: no socket
 * can be had, the API is asked instead. `refused`: as polling, and the gateway said not to come back.
 */
export type Connection = "live" | "connecting" | "offline" | "polling" | "refused";

export interface FeedState extends View {
  /** What there is to show, in its order; `items` is all that is known, with holes. */
  lists: Record<Which, List>;
  /** For so many days what was read is shown; see `isShown`. */
  historyDays: number;
  status: "loading" | "ready" | "failed";
  connection: Connection;
  /** The code of the socket's last close, for saying why it is `refused`. */
  closedWith: number | null;
}

/**
 * `arrived` was pushed just now; `backlog` is what a later sync brought that this window had not seen. `changed` is no
 * news for a person: what is known was rewritten, because its task changed or was deleted.
 */
export type FeedEvent =
  | { kind: "arrived"; notification: Notification }
  | { kind: "backlog"; notifications: readonly Notification[] }
  | { kind: "changed"; taskIds: readonly string[] }
  | { kind: "refused"; mark: Mark; error: unknown };

export interface FeedParts {
  api: NotificationsApi;
  socketUrl: string;
  openSocket: (url: string) => SocketLike;
  token: TokenSource;
  clock: Clock;
  random: Random;
  surroundings: Surroundings;
}

/** The inbox is asked for without a socket when there is none after this time; */
export const FIRST_LOAD_MS = 2_000;
/** and when there is none after this time, again and again. */
export const BLOCKED_MS = 10_000;
/** An echo that stays away for this long after the server said yes is fetched. */
export const ECHO_MS = 3_000;

export class NotificationFeed {
  #running: { socket: NotificationSocket; catchUp: CatchUp; cancels: Set<() => void> } | null = null;
  #inbox = EMPTY_INBOX;
  #marks: readonly Mark[] = [];
  #accepted = new WeakSet<Mark>();
  #sending: Promise<void> = Promise.resolve();
  #trouble: unknown = null;
  #polling = false;
  /** Since polling began: only then is it the socket alone that cannot be had. */
  #isAnswered = false;
  #cancelBlocked: (() => void) | null = null;
  #state: FeedState = {
    items: [],
    unreadCount: 0,
    lists: NO_LISTS,
    historyDays: EMPTY_INBOX.historyDays,
    status: "loading",
    connection: "connecting",
    closedWith: null,
  };
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Set<(event: FeedEvent) => void>();
  readonly #parts: FeedParts;
  readonly #lists: Lists;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#lists = new Lists(parts.api, () => this.#publish());
  }

  readonly state = (): FeedState => this.#state;

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly onEvent = (listener: (event: FeedEvent) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    const { api, clock, random, surroundings } = this.#parts;
    const catchUp = new CatchUp(
      { clock, random, fetchSync: api.sync },
      { onInbox: (...change) => this.#changed(...change), onTrouble: (error) => this.#troubled(error) },
    );
    const socket = new NotificationSocket(
      { ...this.#parts, url: this.#parts.socketUrl, lastSeq: () => catchUp.inbox.latestSeq },
      {
        onPhase: (phase) => this.#phase(phase),
        onReady: () => void catchUp.sync("anew"),
        onFrame: (frame) => {
          if (isLogFrame(frame)) catchUp.receive(frame);
          else if (frame.type === "RESYNC") void catchUp.sync("anew");
        },
      },
    );
    const cancels = new Set([surroundings.watch((occasion) => this.#occasion(occasion))]);
    this.#running = { socket, catchUp, cancels };
    this.#later(FIRST_LOAD_MS, () => catchUp.loaded || void catchUp.sync("join"));
    socket.start();
  }

  stop(): void {
    const running = this.#running;
    this.#running = null;
    this.#cancelBlocked?.();
    this.#cancelBlocked = null;
    this.#polling = false;
    running?.socket.stop();
    running?.catchUp.stop();
    for (const cancel of running?.cancels ?? []) cancel();
  }

  markRead(id: string): void {
    const item = this.#known().items.get(id);
    if (item !== undefined && this.#readAt(id) === null) this.#mark({ kind: "read", id, seq: item.seq });
  }

  /** Those of them that are read. */
  markUnread(...ids: readonly string[]): void {
    const read = ids.filter((id) => typeof this.#readAt(id) === "string");
    if (read.length > 0) this.#mark({ kind: "unread", ids: read });
  }

  /** All that this window knows of; what arrives from now on stays unread. */
  markAllRead(): void {
    if (this.#state.unreadCount > 0) this.#mark({ kind: "all", upToSeq: this.#inbox.latestSeq });
  }

  /** More of a list, if there is more; its `more` says how that goes. */
  loadMore(which: Which): void {
    void this.#lists.load(which);
  }

  members(id: string, cursor: string | null, limit: number): Promise<MemberPage> {
    return this.#parts.api.members(id, cursor, limit);
  }

  /** Somebody asks for it: connect and load now. */
  retry(): void {
    this.#running?.socket.wake({ evenIfStopped: true });
    void this.#running?.catchUp.sync("join");
  }

  #mark(mark: Mark): void {
    this.#marks = [...this.#marks, mark];
    this.#publish();
    // One after another: marking a row unread must not overtake marking it read.
    this.#sending = this.#sending.then(() => this.#deliver(mark));
  }

  async #deliver(mark: Mark): Promise<void> {
    try {
      await this.#parts.api.mark(mark);
    } catch (error) {
      this.#forget(mark);
      this.#tell({ kind: "refused", mark, error });
      void this.#running?.catchUp.sync("anew");
      return;
    }
    this.#accepted.add(mark);
    this.#settle();
    if (!this.#marks.includes(mark)) return;
    const fetchEcho = () => void this.#running?.catchUp.sync("anew").then(() => this.#forget(mark));
    if (this.#state.connection === "live")
      this.#later(ECHO_MS, () => this.#marks.includes(mark) && fetchEcho());
    else fetchEcho();
  }

  /** In the order they were made: until a row is known as read, its being unread again is no echo of anything. */
  #settle(): void {
    const first = this.#marks.findIndex(
      (mark) => !this.#accepted.has(mark) || !isSettled(this.#known(), mark),
    );
    this.#marks = first === -1 ? [] : this.#marks.slice(first);
    this.#publish();
  }

  #forget(mark: Mark): void {
    this.#marks = this.#marks.filter((other) => other !== mark);
    this.#publish();
  }

  #changed(inbox: Inbox, before: Inbox, change: LogChange): void {
    const wasLoaded = this.#state.status === "ready";
    const known = this.#known().items;
    this.#inbox = inbox;
    this.#lists.apply(change, inbox);
    this.#settle();
    const isBacklog = !isPushed(change);
    if (isBacklog && !wasLoaded) return;
    const { news, quiet } = newsIn(inbox, before, known, change);
    if (isBacklog && news.length > 0) this.#tell({ kind: "backlog", notifications: news });
    else for (const notification of news) this.#tell({ kind: "arrived", notification });
    if (quiet.length > 0) this.#tell({ kind: "changed", taskIds: tasksOf(quiet, known) });
  }

  #troubled(error: unknown): void {
    this.#trouble = error;
    this.#isAnswered ||= error === null;
    this.#publish();
  }

  #phase(phase: Phase): void {
    if (phase === "live") {
      this.#cancelBlocked?.();
      this.#cancelBlocked = null;
      this.#poll(false);
    } else if (phase === "stopped") {
      this.#poll(true);
    } else if (phase !== "idle" && !this.#polling) {
      this.#cancelBlocked ??= this.#parts.clock.after(BLOCKED_MS, () => this.#poll(true));
    }
    this.#publish();
  }

  #poll(on: boolean): void {
    this.#polling = on;
    this.#isAnswered = false;
    this.#running?.catchUp.poll(on);
    this.#publish();
  }

  #occasion(occasion: Occasion): void {
    this.#running?.socket.wake();
    if (occasion !== "offline") void this.#running?.catchUp.sync("join");
    this.#publish();
  }

  #connection(): Connection {
    const phase = this.#running?.socket.phase ?? "idle";
    if (!this.#parts.surroundings.isOnline()) return "offline";
    if (phase === "live") return "live";
    if (this.#trouble !== null || !this.#polling) return "connecting";
    if (phase === "stopped") return "refused";
    return this.#isAnswered ? "polling" : "connecting";
  }

  #publish(): void {
    const loaded = this.#running?.catchUp.loaded ?? false;
    const readAt = new Date(this.#parts.clock.now()).toISOString();
    const view = overlay(this.#known(), this.#marks, readAt);
    this.#state = {
      ...view,
      lists: this.#lists.of(view),
      historyDays: this.#inbox.historyDays,
      status: loaded ? "ready" : this.#trouble === null ? "loading" : "failed",
      connection: this.#connection(),
      closedWith: this.#running?.socket.closedWith ?? null,
    };
    for (const watcher of this.#watchers) watcher();
  }

  #known(): Known {
    return { items: this.#lists.known(this.#inbox), unreadCount: this.#inbox.unreadCount };
  }

  /** As it is shown; undefined for what is not known. */
  #readAt(id: string): string | null | undefined {
    return this.#state.items.find((item) => item.id === id)?.read_at;
  }

  #tell(event: FeedEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #later(ms: number, callback: () => void): void {
    const running = this.#running;
    if (running === null) return;
    const cancel = this.#parts.clock.after(ms, () => {
      running.cancels.delete(cancel);
      callback();
    });
    running.cancels.add(cancel);
  }
}
