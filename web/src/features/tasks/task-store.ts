import {
  ConflictError,
  type NewTask,
  type Task,
  type TaskChanges,
  type TasksApi,
  type User,
} from "@/features/tasks/api";
import { ProblemError } from "@/lib/problems";

export interface TasksState {
  status: "loading" | "ready" | "failed";
  error: unknown;
  /** Newest first. */
  tasks: readonly Task[];
  people: readonly User[];
  isTruncated: boolean;
}

/** A list that was loaded sooner than this is not loaded again only because the window is looked at. */
const FRESH_MS = 5_000;

/**
 * The tasks as this window shows them: what the server said, and over it the changes that are on their way, which are
 * taken back if the server refuses. An answer that is older than what is known is not believed.
 */
export class TaskStore {
  #known = new Map<string, Task>();
  #pending = new Map<string, Partial<Task>>();
  #people: readonly User[] = [];
  #isTruncated = false;
  #status: TasksState["status"] = "loading";
  #error: unknown = null;
  #loading: Promise<void> | null = null;
  #loadedAt = -Infinity;
  #isHeld = false;
  /** Learned of since the load under way began, so its answer may not know them. */
  #learned = new Set<string>();
  #state: TasksState = { status: "loading", error: null, tasks: [], people: [], isTruncated: false };
  readonly #watchers = new Set<() => void>();
  readonly #api: TasksApi;

  constructor(api: TasksApi) {
    this.#api = api;
  }

  readonly state = (): TasksState => this.#state;

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  }

  async loadIfOld(now: number): Promise<void> {
    if (now - this.#loadedAt > FRESH_MS) await this.load();
  }

  /** Nothing moves under a card that is in somebody's hand. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  async loadQuietly(): Promise<void> {
    if (!this.#isHeld) await this.load();
  }

  /** Asks for one task; one that is gone leaves the board. */
  async refresh(id: string): Promise<void> {
    try {
      this.#learn(await this.#api.get(id));
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status !== 404) throw error;
      this.#forget(id);
    }
  }

  async create(task: NewTask): Promise<Task> {
    const created = await this.#api.create(task);
    this.#learn(created);
    return created;
  }

  /** Shows the change at once; throws ConflictError, with the board as the server has it, if somebody was faster. */
  async change(task: Task, changes: TaskChanges, shown: Partial<Task> = {}): Promise<Task> {
    this.#pending.set(task.id, shown);
    this.#publish();
    try {
      const changed = await this.#api.change(task.id, task.version, changes);
      this.#take(task.id, shown);
      this.#learn(changed);
      return changed;
    } catch (error) {
      this.#take(task.id, shown);
      if (error instanceof ConflictError) this.#learn(error.theirs);
      else this.#publish();
      throw error;
    }
  }

  async remove(task: Task): Promise<void> {
    await this.#api.remove(task.id, task.version);
    this.#forget(task.id);
  }

  async #load(): Promise<void> {
    this.#learned = new Set();
    try {
      const [list, people] = await Promise.all([this.#api.list(), this.#api.users()]);
      const loaded = new Map(list.items.map((task) => [task.id, task]));
      for (const id of this.#learned) {
        const known = this.#known.get(id);
        if (known === undefined) loaded.delete(id);
        else if ((loaded.get(id)?.version ?? 0) < known.version) loaded.set(id, known);
      }
      this.#known = loaded;
      this.#people = people;
      this.#isTruncated = list.isTruncated;
      this.#status = "ready";
      this.#error = null;
      this.#loadedAt = Date.now();
    } catch (error) {
      this.#error = error;
      if (this.#status !== "ready") this.#status = "failed"; // What is on the screen stays on the screen.
    }
    this.#publish();
  }

  /** Ends what was shown ahead of the answer, unless a later change is shown by now. */
  #take(id: string, shown: Partial<Task>): void {
    if (this.#pending.get(id) === shown) this.#pending.delete(id);
  }

  #learn(task: Task): void {
    const known = this.#known.get(task.id);
    if (known === undefined || known.version <= task.version) this.#known.set(task.id, task);
    this.#learned.add(task.id);
    this.#publish();
  }

  #forget(id: string): void {
    this.#known.delete(id);
    this.#learned.add(id);
    this.#publish();
  }

  #publish(): void {
    const tasks = [...this.#known.values()]
      .map((task) => ({ ...task, ...this.#pending.get(task.id) }))
      .sort((one, other) =>
        one.created_at === other.created_at ? 0 : one.created_at < other.created_at ? 1 : -1,
      );
    this.#state = {
      status: this.#status,
      error: this.#error,
      tasks,
      people: this.#people,
      isTruncated: this.#isTruncated,
    };
    for (const watcher of this.#watchers) watcher();
  }
}
