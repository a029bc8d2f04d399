import { fullJitter } from "@/lib/backoff";
import { CLOSE_CODES, type ComeBack } from "@/lib/contracts/close-codes.gen";
import type { ReadyPayload, ServerFrame } from "@/lib/contracts/frames.gen";
import { SessionEndedError } from "@/lib/problems";
import type { AccessToken } from "@/realtime/access-token";
import {
  ANSWER_MS,
  Attempt,
  decode,
  letGo,
  send,
  type Failure,
  type Joined,
  type SocketLike,
  type SocketParts,
} from "@/realtime/socket-attempt";

export { ANSWER_MS, type SocketLike, type SocketParts };

/**
 * The socket to a gateway, kept open for as long as somebody is signed in; it knows no React and no notification.
 *
 *     idle ─start─> connecting ─open─> authenticating ─READY─> live
 *                       ^                    │                   │  lost, closed
 *                       └──── waiting <──────┴───────────────────┘
 *                                 a close code that says `never`, or the end of the session ──> stopped
 *
 * It tries again for ever, each time after a random wait under a growing bound, which starts anew only when a
 * connection was live for STABLE_MS. A renewal of the token and a drain of the gateway (RECONNECT) are not failures.
 *
 * A gateway that goes is left for another without a gap: the phase stays `live`, on the old connection, until the new
 * one is READY. One that cannot be had, whatever the reason, is tried for again while the old one lives; when that one
 * ends first, an attempt under way goes on as the first to come back, and otherwise it is a lost connection like any.
 * So there are two connections at most, and never do both tell of frames.
 */
export type Phase = "idle" | "connecting" | "authenticating" | "live" | "waiting" | "stopped";

export interface SocketListener {
  onPhase: (phase: Phase) => void;
  /** From here on nothing of this person passes by; once for every connection, not again for a renewal. */
  onReady: (ready: ReadyPayload) => void;
  onFrame: (frame: ServerFrame) => void;
}

export const BACKOFF = { baseMs: 500, capMs: 30_000 };
export const STABLE_MS = 30_000;
/** A token is renewed this long before it ends, or after three quarters of a short one's life. */
export const RENEWAL_MARGIN_MS = 60_000;
const RENEWAL_RETRY_MS = 5_000;
const SHORTEST_RENEWAL_MS = 1_000;

export function comeBack(code: number): ComeBack {
  const rules: Record<string, { come_back: ComeBack } | undefined> = CLOSE_CODES;
  return rules[String(code)]?.come_back ?? "with_backoff";
}

type Deadline = "retry" | "answer" | "heartbeat" | "renewal" | "stable" | "handover";

export class NotificationSocket {
  #phase: Phase = "idle";
  #failures = 0;
  #failedHandovers = 0;
  #closedWith: number | null = null;
  /** The token that the gateway refused; the next attempt brings another. */
  #refused: AccessToken | null = null;
  #live: { connection: SocketLike; token: AccessToken } | null = null;
  #attempt: Attempt | null = null;
  readonly #timers = new Map<Deadline, () => void>();
  readonly #parts: SocketParts;
  readonly #listener: SocketListener;

  constructor(parts: SocketParts, listener: SocketListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The code of the last close that the server gave, for saying why a socket is stopped. */
  get closedWith(): number | null {
    return this.#closedWith;
  }

  start(): void {
    if (this.#phase === "idle") this.#connect();
  }

  stop(): void {
    this.#drop();
    this.#become("idle");
  }

  /** The network is back, the window is looked at, or a person asks: no more waiting; a live socket is tried out. */
  wake({ evenIfStopped = false } = {}): void {
    if (this.#phase === "live") this.#ping();
    else if (this.#phase === "waiting" || (evenIfStopped && this.#phase === "stopped")) this.#connect();
  }

  #connect(): void {
    this.#drop();
    this.#become("connecting");
    this.#try();
  }

  /** Beside a live connection, whose place the new one then takes, or without one. */
  #try(): void {
    this.#attempt = new Attempt(this.#parts, this.#refused, {
      onOpen: () => {
        if (this.#live === null) this.#become("authenticating");
      },
      onJoined: (joined) => this.#joined(joined),
      onFailed: (failure) => this.#failed(failure),
    });
  }

  #joined({ connection, token, ready }: Joined): void {
    this.#attempt = null;
    this.#dropLive();
    this.#live = { connection, token };
    connection.onopen = null;
    connection.onmessage = (event: MessageEvent<unknown>) => this.#receive(event.data);
    connection.onclose = ({ code }) => this.#closed(code);
    this.#refused = null;
    this.#closedWith = null;
    this.#become("live");
    this.#set("stable", STABLE_MS, () => (this.#failures = 0));
    this.#renewBeforeEndOf(token);
    const heartbeatMs = ready.heartbeat_s * 1000;
    // The first beat falls anywhere in its period: windows that came back together do not beat together.
    this.#set("heartbeat", heartbeatMs * this.#parts.random(), () => this.#beat(heartbeatMs));
    this.#listener.onReady(ready);
  }

  #failed(failure: Failure): void {
    this.#attempt = null;
    if (failure.reason === "session_ended") {
      this.#end();
      return;
    }
    const code = failure.reason === "closed" ? failure.code : null;
    const rule = code === null ? "with_backoff" : comeBack(code);
    if (failure.reason === "closed" && rule === "with_new_token") this.#refused = failure.token;
    if (this.#live !== null) {
      const wait = fullJitter(this.#failedHandovers, BACKOFF, this.#parts.random);
      this.#failedHandovers += 1;
      this.#set("handover", wait, () => this.#try());
      return;
    }
    this.#closedWith = code ?? this.#closedWith;
    if (rule === "never") this.#end();
    else this.#retry();
  }

  #receive(data: unknown): void {
    const frame = decode(data);
    if (frame === null) return;
    this.#clear("answer"); // Whatever comes proves that the other end is there.
    switch (frame.type) {
      case "READY": // The answer to a renewal.
      case "PONG":
        break;
      case "RECONNECT":
        // Said again while another gateway is tried for already, it says nothing new.
        if (this.#attempt === null && this.#failedHandovers === 0)
          this.#set("handover", frame.payload.after_ms, () => this.#try());
        break;
      default:
        this.#listener.onFrame(frame);
    }
  }

  #beat(everyMs: number): void {
    this.#ping();
    this.#set("heartbeat", everyMs, () => this.#beat(everyMs));
  }

  #ping(): void {
    if (this.#live === null) return;
    send(this.#live.connection, { type: "PING", payload: { seq: this.#parts.lastSeq() } });
    if (!this.#timers.has("answer")) this.#set("answer", ANSWER_MS, () => this.#lost());
  }

  #renewBeforeEndOf(token: AccessToken): void {
    const left = token.expiresAt - this.#parts.clock.now();
    const wait = Math.max(SHORTEST_RENEWAL_MS, left - Math.min(RENEWAL_MARGIN_MS, left / 4));
    this.#set("renewal", wait, () => void this.#renew(token));
  }

  async #renew(worn: AccessToken): Promise<void> {
    const live = this.#live;
    if (live === null) return;
    try {
      const token = await this.#parts.token(worn);
      if (live !== this.#live) return;
      live.token = token;
      send(live.connection, { type: "AUTH", payload: { token: token.value } });
      this.#renewBeforeEndOf(token);
    } catch (error) {
      if (live !== this.#live) return;
      if (error instanceof SessionEndedError) this.#end();
      else this.#set("renewal", RENEWAL_RETRY_MS, () => void this.#renew(worn));
    }
  }

  #closed(code: number): void {
    this.#closedWith = code;
    const rule = comeBack(code);
    if (rule === "never") {
      this.#end();
    } else if (rule === "with_new_token") {
      this.#refused = this.#live?.token ?? null;
      this.#retry();
    } else {
      this.#lost();
    }
  }

  #lost(): void {
    if (this.#attempt === null) {
      this.#retry();
      return;
    }
    this.#dropLive();
    this.#become(this.#attempt.isOpen ? "authenticating" : "connecting");
  }

  #retry(): void {
    this.#drop();
    this.#become("waiting");
    const wait = fullJitter(this.#failures, BACKOFF, this.#parts.random);
    this.#failures += 1;
    this.#set("retry", wait, () => this.#connect());
  }

  #end(): void {
    this.#drop();
    this.#become("stopped");
  }

  #drop(): void {
    this.#attempt?.stop();
    this.#attempt = null;
    this.#dropLive();
  }

  #dropLive(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#failedHandovers = 0;
    const live = this.#live;
    this.#live = null;
    if (live !== null) letGo(live.connection);
  }

  #set(deadline: Deadline, ms: number, callback: () => void): void {
    this.#clear(deadline);
    const cancel = this.#parts.clock.after(ms, () => {
      this.#timers.delete(deadline);
      callback();
    });
    this.#timers.set(deadline, cancel);
  }

  #clear(deadline: Deadline): void {
    this.#timers.get(deadline)?.();
    this.#timers.delete(deadline);
  }

  #become(phase: Phase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#listener.onPhase(phase);
  }
}
