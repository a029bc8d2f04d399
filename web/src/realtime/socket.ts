import { fullJitter, type Random } from "@/lib/backoff";
import type { Clock } from "@/lib/clock";
import { CLOSE_CODES, type ComeBack } from "@/lib/contracts/close-codes.gen";
import type { ClientFrame, ReadyPayload, ServerFrame } from "@/lib/contracts/frames.gen";
import { SessionEndedError } from "@/lib/problems";
import type { AccessToken, TokenSource } from "@/realtime/access-token";

/**
 * The socket to a gateway, kept open for as long as somebody is signed in; it knows no React and no notification.
 *
 *     idle ─start─> connecting ─open─> authenticating ─READY─> live
 *                       ^                    │                   │  lost, closed, RECONNECT
 *                       └──── waiting <──────┴───────────────────┘
 *                                 a close code that says `never`, or the end of the session ──> stopped
 *
 * It tries again for ever, each time after a random wait under a growing bound, which starts anew only when a
 * connection was live for STABLE_MS. A renewal of the token and a drain of the gateway (RECONNECT) are not failures.
 */
export type Phase = "idle" | "connecting" | "authenticating" | "live" | "waiting" | "stopped";

/** The part of the browser's WebSocket that is used here. */
export type SocketLike = Pick<WebSocket, "send" | "close" | "onopen" | "onmessage" | "onclose">;

export interface SocketParts {
  url: string;
  clock: Clock;
  random: Random;
  openSocket: (url: string) => SocketLike;
  token: TokenSource;
  /** The last entry of the inbox that was applied; the heartbeat tells the gateway. */
  lastSeq: () => number;
}

export interface SocketListener {
  onPhase: (phase: Phase) => void;
  /** From here on nothing of this person passes by; not called again for a renewal. */
  onReady: (ready: ReadyPayload) => void;
  onFrame: (frame: ServerFrame) => void;
}

export const BACKOFF = { baseMs: 500, capMs: 30_000 };
export const STABLE_MS = 30_000;
/** How long the handshake and then READY may take, and how long a PING may stay without an answer. */
export const ANSWER_MS = 10_000;
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
  #attempt = 0;
  #closedWith: number | null = null;
  /** The token that the gateway refused; the next attempt brings another. */
  #refused: AccessToken | null = null;
  #token: AccessToken | null = null;
  #connection: SocketLike | null = null;
  /** Moves on with every attempt, so that what an older one still answers is not taken for this one's. */
  #generation = 0;
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
    if (this.#phase === "idle") void this.#connect();
  }

  stop(): void {
    this.#drop();
    this.#become("idle");
  }

  /** The network is back, the window is looked at, or a person asks: no more waiting; a live socket is tried out. */
  wake({ evenIfStopped = false } = {}): void {
    if (this.#phase === "live") this.#ping();
    else if (this.#phase === "waiting" || (evenIfStopped && this.#phase === "stopped")) void this.#connect();
  }

  async #connect(): Promise<void> {
    this.#drop();
    const generation = this.#generation;
    this.#become("connecting");
    let token: AccessToken;
    try {
      token = await this.#parts.token(this.#refused);
    } catch (error) {
      if (generation !== this.#generation) return;
      if (error instanceof SessionEndedError) this.#end();
      else this.#retry();
      return;
    }
    if (generation !== this.#generation) return;
    this.#token = token;
    this.#open(token);
  }

  #open(token: AccessToken): void {
    let connection: SocketLike;
    try {
      connection = this.#parts.openSocket(this.#parts.url);
    } catch {
      this.#retry(); // A policy of the browser or the network forbids it, for now.
      return;
    }
    this.#connection = connection;
    this.#set("answer", ANSWER_MS, () => this.#retry());
    connection.onopen = () => {
      this.#become("authenticating");
      this.#set("answer", ANSWER_MS, () => this.#retry());
      this.#send({ type: "AUTH", payload: { token: token.value } });
    };
    connection.onmessage = (event: MessageEvent<unknown>) => this.#receive(event.data, token);
    connection.onclose = ({ code }) => this.#closed(code);
  }

  #receive(data: unknown, token: AccessToken): void {
    const frame = decode(data);
    if (frame === null) return;
    if (this.#phase === "live") this.#clear("answer"); // Whatever comes proves that the other end is there.
    switch (frame.type) {
      case "READY":
        this.#ready(frame.payload, token);
        break;
      case "RECONNECT":
        this.#set("handover", frame.payload.after_ms, () => void this.#connect());
        break;
      case "PONG":
        break;
      default:
        this.#listener.onFrame(frame);
    }
  }

  #ready(ready: ReadyPayload, token: AccessToken): void {
    if (this.#phase === "live") return; // The answer to a renewal.
    this.#clear("answer");
    this.#refused = null;
    this.#closedWith = null;
    this.#become("live");
    this.#set("stable", STABLE_MS, () => (this.#attempt = 0));
    this.#renewBeforeEndOf(token);
    const heartbeatMs = ready.heartbeat_s * 1000;
    // The first beat falls anywhere in its period: windows that came back together do not beat together.
    this.#set("heartbeat", heartbeatMs * this.#parts.random(), () => this.#beat(heartbeatMs));
    this.#listener.onReady(ready);
  }

  #beat(everyMs: number): void {
    this.#ping();
    this.#set("heartbeat", everyMs, () => this.#beat(everyMs));
  }

  #ping(): void {
    this.#send({ type: "PING", payload: { seq: this.#parts.lastSeq() } });
    if (!this.#timers.has("answer")) this.#set("answer", ANSWER_MS, () => this.#retry());
  }

  #renewBeforeEndOf(token: AccessToken): void {
    const left = token.expiresAt - this.#parts.clock.now();
    const wait = Math.max(SHORTEST_RENEWAL_MS, left - Math.min(RENEWAL_MARGIN_MS, left / 4));
    this.#set("renewal", wait, () => void this.#renew(token));
  }

  async #renew(worn: AccessToken): Promise<void> {
    const generation = this.#generation;
    try {
      const token = await this.#parts.token(worn);
      if (generation !== this.#generation) return;
      this.#token = token;
      this.#send({ type: "AUTH", payload: { token: token.value } });
      this.#renewBeforeEndOf(token);
    } catch (error) {
      if (generation !== this.#generation) return;
      if (error instanceof SessionEndedError) this.#end();
      else this.#set("renewal", RENEWAL_RETRY_MS, () => void this.#renew(worn));
    }
  }

  #closed(code: number): void {
    this.#closedWith = code;
    const rule = comeBack(code);
    if (rule === "never") {
      this.#end();
      return;
    }
    if (rule === "with_new_token") this.#refused = this.#token;
    this.#retry();
  }

  #retry(): void {
    this.#drop();
    this.#become("waiting");
    const wait = fullJitter(this.#attempt, BACKOFF, this.#parts.random);
    this.#attempt += 1;
    this.#set("retry", wait, () => void this.#connect());
  }

  #end(): void {
    this.#drop();
    this.#become("stopped");
  }

  /** Lets go of the connection without waiting for its close event, which a dead network withholds for minutes. */
  #drop(): void {
    this.#generation += 1;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    const connection = this.#connection;
    this.#connection = null;
    if (connection === null) return;
    connection.onopen = connection.onmessage = connection.onclose = null;
    connection.close();
  }

  #send(frame: ClientFrame): void {
    this.#connection?.send(JSON.stringify(frame));
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

/** Null for what is not a frame: it is not ours to judge, and the heartbeat shows what was missed. */
function decode(data: unknown): ServerFrame | null {
  if (typeof data !== "string") return null;
  try {
    const frame: unknown = JSON.parse(data);
    const isFrame = typeof frame === "object" && frame !== null && "type" in frame && "payload" in frame;
    return isFrame ? (frame as ServerFrame) : null;
  } catch {
    return null;
  }
}
