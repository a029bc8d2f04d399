import type { components } from "@/lib/contracts/notification-worker.gen";
import type { Send } from "@/lib/http";

const NAME = "taskify.muted-tasks";
/** What is known of more tasks than this is forgotten, the oldest first. */
export const KEPT_ANSWERS = 500;

/** What the windows of one browser tell each other. */
interface News {
  taskId: string;
  isMuted: boolean;
}

/** A page of the list; the newest mutes come first. */
export type MutedPage = components["schemas"]["MutedTasksPage"];

type TaskMuting = components["schemas"]["TaskMuting"];

export type MutedState = ReadonlyMap<string, boolean>;

/**
 * Which tasks the person has muted, as far as this window has asked: the server's answers, and over them the changes
 * that are on their way, one after another. An answer to a question from before a change is not believed.
 */
export class MutedTasks {
  #known = new Map<string, boolean>();
  #wanted = new Map<string, boolean>();
  #followed = new Map<string, number>();
  #changes = 0;
  #sending: Promise<unknown> = Promise.resolve();
  #state: MutedState = new Map();
  #channel: BroadcastChannel | null = null;
  readonly #watchers = new Set<() => void>();
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /** By task; a task that is not in it has not been asked about. */
  readonly state = (): MutedState => this.#state;

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Hears the other windows, and asks again when this one is looked at or the network is back, until the answer is called. */
  start(page: Window): () => void {
    const channel = new BroadcastChannel(NAME);
    channel.onmessage = ({ data }: MessageEvent<News>) => {
      this.#changes += 1;
      this.#learn(data.taskId, data.isMuted);
    };
    this.#channel = channel;
    const ending = new AbortController();
    const askAgain = () => {
      for (const taskId of this.#followed.keys()) void this.ask(taskId);
    };
    page.addEventListener("focus", askAgain, { signal: ending.signal });
    page.addEventListener("online", askAgain, { signal: ending.signal });
    return () => {
      ending.abort();
      channel.close();
      this.#channel = null;
    };
  }

  /** Keeps what is known of a task fresh, until the answer is called. */
  follow(taskId: string): () => void {
    this.#followed.set(taskId, (this.#followed.get(taskId) ?? 0) + 1);
    void this.ask(taskId);
    return () => {
      const others = (this.#followed.get(taskId) ?? 1) - 1;
      if (others === 0) this.#followed.delete(taskId);
      else this.#followed.set(taskId, others);
    };
  }

  /** Asks the server; where it gives no answer, what is known stays. */
  async ask(taskId: string): Promise<void> {
    const before = this.#changes;
    const isMuted = await this.#send<TaskMuting>(this.#path(taskId)).then(
      ({ data }) => data.muted_at !== null,
      () => null,
    );
    if (isMuted !== null && before === this.#changes) this.#learn(taskId, isMuted);
  }

  async list(cursor: string | null, limit: number): Promise<MutedPage> {
    const from = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    return (await this.#send<MutedPage>(`/api/notifications/muted-tasks?limit=${limit}${from}`)).data;
  }

  /** Shows the change at once; takes it back, and throws what went wrong, if the server refuses. */
  async change(taskId: string, isMuted: boolean): Promise<void> {
    this.#wanted.set(taskId, isMuted);
    this.#publish();
    const sent = this.#sending.then(() =>
      this.#send(this.#path(taskId), { method: isMuted ? "PUT" : "DELETE" }),
    );
    this.#sending = sent.catch(() => undefined);
    try {
      await sent;
      this.#changes += 1;
      this.#learn(taskId, isMuted);
      this.#channel?.postMessage({ taskId, isMuted } satisfies News);
    } finally {
      if (this.#wanted.get(taskId) === isMuted) this.#wanted.delete(taskId);
      this.#publish();
    }
  }

  #path(taskId: string): string {
    return `/api/notifications/muted-tasks/${encodeURIComponent(taskId)}`;
  }

  #learn(taskId: string, isMuted: boolean): void {
    this.#known.delete(taskId);
    this.#known.set(taskId, isMuted);
    const [oldest] = this.#known.keys();
    if (this.#known.size > KEPT_ANSWERS && oldest !== undefined) this.#known.delete(oldest);
    this.#publish();
  }

  #publish(): void {
    this.#state = new Map([...this.#known, ...this.#wanted]);
    for (const watcher of this.#watchers) watcher();
  }
}
