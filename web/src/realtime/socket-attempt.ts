import type { Random } from "@/lib/backoff";
import type { Clock } from "@/lib/clock";
import type { ClientFrame, ReadyPayload, ServerFrame } from "@/lib/contracts/frames.gen";
import { SessionEndedError } from "@/lib/problems";
import type { AccessToken, TokenSource } from "@/realtime/access-token";

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

export interface Joined {
  connection: SocketLike;
  token: AccessToken;
  ready: ReadyPayload;
}

export type Failure =
  /** No token for now, no connection, or no answer in time. */
  | { reason: "unavailable" }
  | { reason: "session_ended" }
  | { reason: "closed"; code: number; token: AccessToken };

export interface AttemptListener {
  onOpen: () => void;
  onJoined: (joined: Joined) => void;
  onFailed: (failure: Failure) => void;
}

/** How long the handshake and then READY may take, and how long a PING may stay without an answer. */
export const ANSWER_MS = 10_000;

/**
 * One attempt to join a gateway: a token, the handshake, AUTH, READY.
 *
 * It ends with `onJoined`, and the connection is the listener's, or with `onFailed`, and nothing of it is left; after
 * `stop` it tells nothing more.
 */
export class Attempt {
  #isOpen = false;
  #isOver = false;
  #connection: SocketLike | null = null;
  #cancelDeadline: () => void = () => undefined;
  readonly #parts: SocketParts;
  readonly #listener: AttemptListener;

  /** `refused`: a token that a gateway did not take; another is asked for. */
  constructor(parts: SocketParts, refused: AccessToken | null, listener: AttemptListener) {
    this.#parts = parts;
    this.#listener = listener;
    void this.#run(refused);
  }

  /** The handshake is done, and READY is waited for. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  stop(): void {
    const connection = this.#finish();
    if (connection !== null) letGo(connection);
  }

  async #run(refused: AccessToken | null): Promise<void> {
    let token: AccessToken;
    try {
      token = await this.#parts.token(refused);
    } catch (error) {
      this.#fail({ reason: error instanceof SessionEndedError ? "session_ended" : "unavailable" });
      return;
    }
    if (!this.#isOver) this.#open(token);
  }

  #open(token: AccessToken): void {
    let connection: SocketLike;
    try {
      connection = this.#parts.openSocket(this.#parts.url);
    } catch {
      this.#fail({ reason: "unavailable" }); // A policy of the browser or the network forbids it, for now.
      return;
    }
    this.#connection = connection;
    this.#expectAnswer();
    connection.onopen = () => {
      this.#isOpen = true;
      this.#expectAnswer();
      send(connection, { type: "AUTH", payload: { token: token.value } });
      this.#listener.onOpen();
    };
    connection.onmessage = (event: MessageEvent<unknown>) => {
      const frame = decode(event.data);
      if (frame?.type !== "READY") return;
      this.#finish();
      this.#listener.onJoined({ connection, token, ready: frame.payload });
    };
    connection.onclose = ({ code }) => this.#fail({ reason: "closed", code, token });
  }

  #expectAnswer(): void {
    this.#cancelDeadline();
    this.#cancelDeadline = this.#parts.clock.after(ANSWER_MS, () => this.#fail({ reason: "unavailable" }));
  }

  #fail(failure: Failure): void {
    if (this.#isOver) return;
    this.stop();
    this.#listener.onFailed(failure);
  }

  #finish(): SocketLike | null {
    const connection = this.#connection;
    this.#isOver = true;
    this.#connection = null;
    this.#cancelDeadline();
    return connection;
  }
}

export function send(connection: SocketLike, frame: ClientFrame): void {
  connection.send(JSON.stringify(frame));
}

/** Without waiting for the close event, which a dead network withholds for minutes. */
export function letGo(connection: SocketLike): void {
  connection.onopen = connection.onmessage = connection.onclose = null;
  connection.close();
}

/** Null for what is not a frame: it is not ours to judge, and the heartbeat shows what was missed. */
export function decode(data: unknown): ServerFrame | null {
  if (typeof data !== "string") return null;
  try {
    const frame: unknown = JSON.parse(data);
    const isFrame = typeof frame === "object" && frame !== null && "type" in frame && "payload" in frame;
    return isFrame ? (frame as ServerFrame) : null;
  } catch {
    return null;
  }
}
