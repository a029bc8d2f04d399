import type { Random } from "@/lib/backoff";
import type { Clock } from "@/lib/clock";
import type { Notification } from "@/lib/contracts/frames.gen";
import type { TokenSource } from "@/realtime/access-token";
import type { NotificationsApi } from "@/realtime/api";
import { CatchUp } from "@/realtime/catch-up";
import { EMPTY_INBOX, isLogFrame, type Inbox, type LogFrame } from "@/realtime/inbox";
import { isSettled, overlay, type Mark, type View } from "@/realtime/marks";
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

interface Running {
  socket: NotificationSocket;
  catchUp: CatchUp;
  cancels: Set<() => void>;
}

export class NotificationFeed {
  #running: Running | null = null;
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
    status: "loading",
    connection: "connecting",
    closedWith: null,
  };
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Set<(event: FeedEvent) => void>();
  readonly #parts: FeedParts;

  constructor(parts: FeedParts) {
    this.#parts = parts;
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
    this.#running = { socket, catchUp, cancels: new Set() };
    this.#running.cancels.add(surroundings.watch((occasion) => this.#occasion(occasion)));
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
    const item = this.#state.items.find((candidate) => candidate.id === id);
    if (item?.read_at === null)
      this.#mark({ kind: "read", id, seq: this.#inbox.items.get(id)?.seq ?? item.seq });
  }

  markUnread(id: string): void {
    const item = this.#state.items.find((candidate) => candidate.id === id);
    if (item !== undefined && item.read_at !== null) this.#mark({ kind: "unread", id });
  }

  /** All that this window knows of; what arrives from now on stays unread. */
  markAllRead(): void {
    if (this.#state.unreadCount > 0) this.#mark({ kind: "all", upToSeq: this.#inbox.latestSeq });
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

  #settle(): void {
    this.#marks = this.#marks.filter((mark) => !(this.#accepted.has(mark) && isSettled(this.#inbox, mark)));
    this.#publish();
  }

  #forget(mark: Mark): void {
    this.#marks = this.#marks.filter((other) => other !== mark);
    this.#publish();
  }

  #changed(inbox: Inbox, before: Inbox, pushed: LogFrame | null): void {
    const wasLoaded = this.#state.status === "ready";
    this.#inbox = inbox;
    this.#settle();
    if (pushed === null && !wasLoaded) return;
    const rewritten = [...inbox.items.values()].filter(
      (item) => before.items.get(item.id)?.updated_at !== item.updated_at,
    );
    const news = rewritten.filter((item) => item.read_at === null && isNews(item, before, pushed));
    if (pushed === null && news.length > 0) this.#tell({ kind: "backlog", notifications: news });
    else for (const notification of news) this.#tell({ kind: "arrived", notification });
    const quiet = rewritten.filter((item) => !news.includes(item));
    if (quiet.length > 0) this.#tell({ kind: "changed", taskIds: tasksOf(quiet, before) });
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
    this.#state = {
      ...overlay(this.#inbox, this.#marks, readAt),
      status: loaded ? "ready" : this.#trouble === null ? "loading" : "failed",
      connection: this.#connection(),
      closedWith: this.#running?.socket.closedWith ?? null,
    };
    for (const watcher of this.#watchers) watcher();
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

/** A row is news when it is new, or when one more happening was counted into it. */
function isNews(item: Notification, before: Inbox, pushed: LogFrame | null): boolean {
  const known = before.items.get(item.id);
  if (known !== undefined) return item.count > known.count;
  return pushed?.type !== "NOTIFICATION" || pushed.payload.change === "added";
}

/** A row whose task was deleted no longer names it; as it was before, it does. */
function tasksOf(items: readonly Notification[], before: Inbox): readonly string[] {
  const ids = items.flatMap((item) => [item.task_id, before.items.get(item.id)?.task_id ?? null]);
  return [...new Set(ids.filter((id) => id !== null))];
}
