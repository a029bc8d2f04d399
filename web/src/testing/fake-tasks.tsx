import type { ReactNode } from "react";

import type { Comment, Task, Watcher } from "@/features/tasks/api";
import { TasksProvider } from "@/features/tasks/tasks-context";
import type { Me } from "@/lib/api-context";
import type { Answer, RequestOptions, Send } from "@/lib/http";
import { ProblemError } from "@/lib/problems";
import { FakeSystem } from "@/testing/fake-feed";

export function aTask(about: Partial<Task> & { id: string }): Task {
  return {
    title: `Task ${about.id}`,
    description: "",
    status: "todo",
    assignee: null,
    creator: { id: "ann", name: "Ann" },
    version: 1,
    created_at: "2030-01-01T10:00:00Z",
    updated_at: "2030-01-01T10:00:00Z",
    ...about,
  };
}

const ANN: Me = { id: "ann", name: "Ann", email: "ann@example.com", role: "member" };

function refusal(status: 404 | 412): ProblemError {
  const type = status === 404 ? "not_found" : "version_conflict";
  return new ProblemError({ type, title: "", status, detail: "", errors: [] });
}

/** The task service as the page sees it, with a page around it; the test is everybody else. */
export class FakeTasks {
  readonly system = new FakeSystem();
  readonly tasks = new Map<string, Task>();
  readonly comments: Comment[] = [];
  readonly watchers: Watcher[] = [];
  /** `GET /api/tasks` and so on, without the query. */
  readonly calls: string[] = [];
  /** The bodies of what was sent with PATCH. */
  readonly changes: unknown[] = [];
  me = ANN;
  /** The notification API, of which the task service knows nothing. */
  notifications: Send = () => Promise.reject(refusal(404));

  /** Somebody else changes a task. */
  change(id: string, about: Partial<Task>): void {
    const task = this.tasks.get(id) ?? aTask({ id });
    this.tasks.set(id, { ...task, ...about, version: task.version + 1 });
  }

  async show(children: ReactNode, path = "/") {
    this.system.api = { me: this.me, tasks: this.send, notifications: this.notifications };
    await this.system.show(<TasksProvider>{children}</TasksProvider>, path);
  }

  readonly send: Send = <T,>(path: string, options: RequestOptions = {}): Promise<Answer<T>> => {
    const [plain = ""] = path.split("?");
    const method = options.method ?? "GET";
    this.calls.push(`${method} ${plain}`);
    try {
      const data = this.#answer(method, plain.split("/").slice(2), options) as T;
      return Promise.resolve({ data, headers: new Headers() });
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  };

  #answer(method: string, [what, id, part, partId]: string[], options: RequestOptions): unknown {
    const page = (items: unknown[]) => ({ items: [...items], next_cursor: null });
    if (what === "users") return [{ id: this.me.id, name: this.me.name }];
    if (id === undefined)
      return method === "GET" ? page([...this.tasks.values()]) : this.#create(options.body);
    const task = this.tasks.get(id);
    if (task === undefined) throw refusal(404);
    if (part === "watchers") return this.watchers;
    if (part === "comments" && method === "GET") return page(this.comments);
    if (part === "comments" && method === "DELETE") {
      this.comments.splice(
        this.comments.findIndex((comment) => comment.id === partId),
        1,
      );
    }
    if (part !== undefined || method === "GET") return task;
    if (options.headers?.["if-match"] !== `"${task.version}"`) throw refusal(412);
    this.changes.push(options.body);
    const changed = { ...task, ...(options.body as Partial<Task>), version: task.version + 1 };
    this.tasks.set(id, changed);
    return changed;
  }

  #create(body: unknown): Task {
    const task = aTask({ ...(body as Partial<Task>), id: `new-${this.tasks.size}` });
    this.tasks.set(task.id, task);
    return task;
  }
}
