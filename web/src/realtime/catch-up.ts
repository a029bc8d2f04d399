import { fullJitter, jittered, type Random } from "@/lib/backoff";
import type { Clock } from "@/lib/clock";
import { ProblemError, SessionEndedError } from "@/lib/problems";
import { applyFrame, applySync, EMPTY_INBOX, type Inbox, type SyncResult } from "@/realtime/inbox";
import type { LogChange } from "@/realtime/listing";
import type { LogFrame } from "@/realtime/rows";

/**
 * Keeps the inbox of this window equal to the server's: one way for the first load, a reconnect and a gap.
 *
 * Frames that come while a sync is under way are held, and applied after it in the order of their numbers. One sync is
 * in flight at most; who asks meanwhile shares it (`join`), or gets one more after it (`anew`), since the one that runs
 * may have been answered before what they know of. A sync that fails is tried again, with backoff and for ever.
 */
export type Urgency = "join" | "anew";

export interface CatchUpParts {
  clock: Clock;
  random: Random;
  /** `null` at first: whatever is newest, and all that is unread. */
  fetchSync: (afterSeq: number | null) => Promise<SyncResult>;
}

export interface CatchUpListener {
  /** Told of each change that was applied, in their order, and of no other. */
  onInbox: (inbox: Inbox, before: Inbox, change: LogChange) => void;
  /** The first load, or a later sync, did not succeed (it is being tried again); null once one did. */
  onTrouble: (error: unknown) => void;
}

export const RETRY = { baseMs: 1_000, capMs: 30_000 };
export const PERIOD_MS = 5 * 60_000;
/** Between two questions while there is no socket, growing from the first to the last. */
export const POLL_MS = [10_000, 20_000, 40_000, 60_000] as const;
/** Where the first answer leads to the first wait. */
const NOT_ASKED = -1;
const JITTER = 0.2;
/** More frames than this are not held: they are let go, and one more sync brings what they said. */
export const HELD_FRAMES = 1_000;
/** Syncs in a row for one cause, so that a frame from nowhere does not make a loop. */
export const ROUNDS = 4;

export class CatchUp {
  #inbox = EMPTY_INBOX;
  #loaded = false;
  #inFlight: Promise<void> | null = null;
  #again = false;
  #held: LogFrame[] = [];
  #failures = 0;
  #polls: number | null = null;
  #stopped = false;
  #cancelNext: () => void = () => undefined;
  readonly #parts: CatchUpParts;
  readonly #listener: CatchUpListener;

  constructor(parts: CatchUpParts, listener: CatchUpListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  get inbox(): Inbox {
    return this.#inbox;
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelNext();
    this.#held = [];
  }

  /** Settles when the inbox holds what the server held when this was asked, or the attempt has failed. */
  async sync(urgency: Urgency): Promise<void> {
    if (this.#stopped) return;
    if (this.#inFlight === null) this.#inFlight = this.#run();
    else if (urgency === "anew") this.#again = true;
    await this.#inFlight;
  }

  /** While there is no socket the server is asked at once, every 10 s at first, then less often. */
  poll(on: boolean): void {
    if (on === (this.#polls !== null)) return;
    this.#polls = on ? NOT_ASKED : null;
    if (on) void this.sync("join");
    else if (this.#inFlight === null) this.#plan();
  }

  receive(frame: LogFrame): void {
    if (this.#inFlight === null && this.#loaded) {
      if (this.#apply(frame) !== "gap") return;
      this.#held.push(frame);
      void this.sync("anew");
    } else if (this.#held.length < HELD_FRAMES) {
      this.#held.push(frame);
    } else {
      this.#held = [];
      this.#again = true;
    }
  }

  async #run(): Promise<void> {
    this.#cancelNext();
    let rounds = 0;
    do {
      this.#again = false;
      rounds += 1;
      try {
        const result = await this.#parts.fetchSync(this.#loaded ? this.#inbox.latestSeq : null);
        if (this.#stopped) return;
        this.#take(result);
      } catch (error) {
        this.#failed(error);
        return;
      }
    } while (this.#wantsMore() && rounds < ROUNDS);
    // What is still ahead of the server's own answer after so many questions is not an entry of this log.
    this.#held = [];
    this.#inFlight = null;
    this.#plan();
  }

  #wantsMore(): boolean {
    return this.#again;
  }

  #take(result: SyncResult): void {
    const before = this.#inbox;
    this.#inbox = applySync(before, result);
    const isFirst = !this.#loaded;
    this.#loaded = true;
    this.#failures = 0;
    if (this.#polls !== null) this.#polls = this.#inbox.latestSeq > before.latestSeq ? 0 : this.#polls + 1;
    if (isFirst || this.#inbox !== before) this.#listener.onInbox(this.#inbox, before, result);
    this.#listener.onTrouble(null);
    this.#release();
  }

  /** Applies what was held; what still leaves a gap is held on, for the next sync. */
  #release(): void {
    const frames = this.#held.sort((one, other) => one.payload.seq - other.payload.seq);
    this.#held = [];
    for (const frame of frames) {
      if (this.#apply(frame) !== "gap") continue;
      this.#held.push(frame);
      this.#again = true;
    }
  }

  #apply(frame: LogFrame): ReturnType<typeof applyFrame>["outcome"] {
    const before = this.#inbox;
    const { inbox, outcome } = applyFrame(before, frame);
    this.#inbox = inbox;
    if (outcome === "applied") this.#listener.onInbox(inbox, before, frame);
    return outcome;
  }

  #failed(error: unknown): void {
    this.#inFlight = null;
    if (this.#stopped) return;
    this.#listener.onTrouble(error);
    if (error instanceof SessionEndedError) {
      this.stop();
      return;
    }
    const asked = error instanceof ProblemError ? (error.retryAfterMs ?? 0) : 0;
    const wait = Math.max(asked, fullJitter(this.#failures, RETRY, this.#parts.random));
    this.#failures += 1;
    this.#next(wait);
  }

  /** The last entry of the log can be lost without a gap; so the server is asked now and then. */
  #plan(): void {
    const period = this.#polls === null ? PERIOD_MS : (POLL_MS[this.#polls] ?? POLL_MS[3]);
    this.#next(jittered(period, JITTER, this.#parts.random));
  }

  #next(ms: number): void {
    this.#cancelNext();
    this.#cancelNext = this.#parts.clock.after(ms, () => void this.sync("join"));
  }
}
