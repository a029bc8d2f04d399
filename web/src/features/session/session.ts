import type { Me } from "@/lib/api-context";
import { fullJitter, type Random } from "@/lib/backoff";
import type { Clock } from "@/lib/clock";
import type { components } from "@/lib/contracts/task-service.gen";
import type { Answer, RequestOptions, Send } from "@/lib/http";
import { ProblemError, SessionEndedError } from "@/lib/problems";

type Schemas = components["schemas"];
type TokenAnswer = Schemas["AccessToken"];

export interface AccessToken {
  value: string;
  expiresAt: number;
}

export type SessionState =
  | { phase: "starting" }
  | { phase: "unreachable" }
  | { phase: "signed_out"; because: "nobody_yet" | "left" | "ended" }
  | { phase: "erased"; receiptId: string }
  | { phase: "signed_in"; me: Me };

/** What the windows of one browser tell each other. The token stays in memory: a channel keeps nothing. */
export type SessionNews =
  | { kind: "token"; answer: TokenAnswer }
  | { kind: "signed_in" }
  | { kind: "signed_out" }
  | { kind: "renamed"; me: Me };

export interface SessionParts {
  send: Send;
  clock: Clock;
  random: Random;
  /** Runs one at a time over all windows of this browser. */
  exclusively: <T>(task: () => Promise<T>) => Promise<T>;
  tell: (news: SessionNews) => void;
  /** Whether somebody signed in with this browser and has not left: without it there is no cookie to ask about. */
  mark: { isSet: () => boolean; set: (isSignedIn: boolean) => void };
}

/** A token is not used any more when it ends sooner than this. */
export const TOKEN_MARGIN_MS = 15_000;
/** How long to wait between two tries to start while the server cannot be reached: a second, and some by chance. */
export const START_RETRY = { baseMs: 1_000, capMs: 15_000 };

/**
 * Who is signed in. The access token lives in memory only; the refresh token is a cookie that scripts cannot see.
 * A refresh that the server refuses ends the session; one that does not get through changes nothing.
 */
export class Session {
  #state: SessionState = { phase: "starting" };
  #token: AccessToken | null = null;
  #refreshing: Promise<AccessToken> | null = null;
  #cancelRetry: () => void = () => undefined;
  readonly #watchers = new Set<() => void>();
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  readonly state = (): SessionState => this.#state;

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Signs in by the cookie, if there is one; tries again for as long as the server cannot be reached. */
  async start(attempt = 0): Promise<void> {
    this.#cancelRetry();
    if (!this.#parts.mark.isSet()) {
      this.#leave("nobody_yet");
      return;
    }
    try {
      await this.#signIn(await this.#refresh());
    } catch (error) {
      if (error instanceof SessionEndedError) return;
      this.#become({ phase: "unreachable" });
      const wait = START_RETRY.baseMs + fullJitter(attempt, START_RETRY, this.#parts.random);
      this.#cancelRetry = this.#parts.clock.after(wait, () => void this.start(attempt + 1));
    }
  }

  async login(credentials: Schemas["LoginRequest"]): Promise<void> {
    const { data } = await this.#auth<TokenAnswer>("login", credentials);
    await this.#signIn(this.#keep(data));
    this.#parts.tell({ kind: "signed_in" });
  }

  async register(person: Schemas["RegisterRequest"]): Promise<void> {
    await this.#auth("register", person);
    await this.login({ email: person.email, password: person.password });
  }

  async logout(): Promise<void> {
    await this.#auth("logout");
    this.#leave("left");
    this.#parts.tell({ kind: "signed_out" });
  }

  /** The other windows show the new name at once, too. */
  async rename(name: string): Promise<void> {
    const send = this.authorised(this.#parts.send);
    const { data } = await send<Me>("/api/users/me", { method: "PATCH", body: { name } });
    this.#rename(data);
    this.#parts.tell({ kind: "renamed", me: data });
  }

  /** All other sessions of the person end; this one goes on. */
  async changePassword(passwords: Schemas["PasswordRequest"]): Promise<void> {
    const send = this.authorised(this.#parts.send);
    await send("/api/users/me/password", { method: "PUT", body: passwords });
  }

  /** Erases the account, for ever: nobody is signed in afterwards, and the receipt is all that is left. */
  async erase(password: string): Promise<void> {
    const send = this.authorised(this.#parts.send);
    const { data } = await send<Schemas["ErasureReceipt"]>("/api/users/me", {
      method: "DELETE",
      body: { password } satisfies Schemas["ErasureRequest"],
    });
    this.#forget();
    this.#become({ phase: "erased", receiptId: data.id });
    this.#parts.tell({ kind: "signed_out" });
  }

  /** Another than `worn`, and good for a while yet. */
  readonly token = async (worn: AccessToken | null): Promise<AccessToken> => {
    const token = this.#token;
    const isGood = token !== null && token.expiresAt - this.#parts.clock.now() > TOKEN_MARGIN_MS;
    return isGood && token.value !== worn?.value ? token : this.#refresh();
  };

  /** Sends as the person who is signed in; a 401 is answered once with a new token. */
  authorised(send: Send): Send {
    return async <T>(path: string, options: RequestOptions = {}): Promise<Answer<T>> => {
      const as = (token: AccessToken) =>
        send<T>(path, {
          ...options,
          headers: { ...options.headers, authorization: `Bearer ${token.value}` },
        });
      const token = await this.token(null);
      try {
        return await as(token);
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
      return as(await this.token(token));
    };
  }

  hear(news: SessionNews): void {
    if (news.kind === "signed_out") {
      if (this.#state.phase === "signed_in") this.#leave("left");
    } else if (news.kind === "signed_in") {
      void this.start();
    } else if (news.kind === "renamed") {
      this.#rename(news.me);
    } else if (this.#state.phase === "signed_in" && subject(news.answer.access_token) === this.#state.me.id) {
      this.#keep(news.answer);
    }
  }

  #rename(me: Me): void {
    if (this.#state.phase === "signed_in" && this.#state.me.id === me.id)
      this.#become({ phase: "signed_in", me });
  }

  #refresh(): Promise<AccessToken> {
    this.#refreshing ??= this.#parts
      .exclusively(() => this.#refreshNow())
      .finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async #refreshNow(): Promise<AccessToken> {
    let answer: TokenAnswer;
    try {
      answer = (await this.#auth<TokenAnswer>("refresh")).data;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#leave(this.#state.phase === "signed_in" ? "ended" : "nobody_yet");
      throw new SessionEndedError();
    }
    if (this.#state.phase !== "signed_in") return this.#keep(answer);
    if (subject(answer.access_token) === this.#state.me.id) {
      this.#parts.tell({ kind: "token", answer });
      return this.#keep(answer);
    }
    // The cookie is the browser's: somebody else has signed in, in another window. What the last person began is not
    // finished in the name of the next.
    const token = this.#tokenOf(answer);
    await this.#signIn(token);
    this.#token = token;
    throw new SessionEndedError();
  }

  async #signIn(token: AccessToken): Promise<void> {
    const headers = { authorization: `Bearer ${token.value}` };
    const { data } = await this.#parts.send<Me>("/api/users/me", { headers });
    this.#parts.mark.set(true);
    this.#become({ phase: "signed_in", me: data });
  }

  #keep(answer: TokenAnswer): AccessToken {
    this.#token = this.#tokenOf(answer);
    return this.#token;
  }

  #tokenOf(answer: TokenAnswer): AccessToken {
    return { value: answer.access_token, expiresAt: this.#parts.clock.now() + answer.expires_in * 1000 };
  }

  #leave(because: "nobody_yet" | "left" | "ended"): void {
    this.#forget();
    this.#become({ phase: "signed_out", because });
  }

  #forget(): void {
    this.#token = null;
    this.#parts.mark.set(false);
  }

  #auth<T>(what: "login" | "register" | "refresh" | "logout", body?: unknown): Promise<Answer<T>> {
    // A refresh replaces the cookie: its answer has to arrive although the page is left meanwhile.
    const keepalive = what === "refresh";
    return this.#parts.send<T>(`/api/auth/${what}`, {
      method: "POST",
      credentials: "include",
      body,
      keepalive,
    });
  }

  #become(state: SessionState): void {
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof ProblemError && error.status === 401;
}

/** The person whom an access token is for; null for what is not a JWT. */
function subject(token: string): string | null {
  try {
    const claims: unknown = JSON.parse(
      atob((token.split(".")[1] ?? "").replace(/-/gu, "+").replace(/_/gu, "/")),
    );
    return typeof claims === "object" && claims !== null && "sub" in claims ? String(claims.sub) : null;
  } catch {
    return null;
  }
}
