import type { components } from "@/lib/contracts/task-service.gen";
import type { Send } from "@/lib/http";
import { ProblemError } from "@/lib/problems";

type Schemas = components["schemas"];
export type Task = Schemas["Task"];
export type Status = Schemas["TaskStatus"];
export type Comment = Schemas["Comment"];
export type Watcher = Schemas["Watcher"];
export type User = Schemas["Person"];
export type NewTask = Partial<Schemas["CreateTaskRequest"]> & { title: string };
export type TaskChanges = Schemas["ChangeTaskRequest"];

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Collected<T> {
  items: T[];
  /** There are more than are loaded. */
  isTruncated: boolean;
}

/** Somebody else changed the task first; `theirs` is how it stands now. */
export class ConflictError extends Error {
  readonly theirs: Task;

  constructor(theirs: Task) {
    super("The task was changed by somebody else.");
    this.theirs = theirs;
  }
}

const PAGE = 100;
const MOST_PAGES = 10;

async function collect<T>(send: Send, path: string): Promise<Collected<T>> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { data } = await send<Page<T>>(`${path}?limit=${PAGE}${query}`);
    items.push(...data.items);
    cursor = data.next_cursor;
    if (cursor === null) return { items, isTruncated: false };
  }
  return { items, isTruncated: true };
}

export type TasksApi = ReturnType<typeof tasksApi>;

export function tasksApi(send: Send) {
  const task = (id: string) => `/api/tasks/${encodeURIComponent(id)}`;
  const get = async (id: string) => (await send<Task>(task(id))).data;
  return {
    get,
    list: () => collect<Task>(send, "/api/tasks"),
    users: async () => (await send<User[]>("/api/users")).data,
    create: async (body: NewTask) => (await send<Task>("/api/tasks", { method: "POST", body })).data,
    /** Changes the task as it was at `version`; throws ConflictError if it has changed since. */
    change: async (id: string, version: number, body: TaskChanges) => {
      const headers = { "if-match": `"${version}"` };
      try {
        return (await send<Task>(task(id), { method: "PATCH", headers, body })).data;
      } catch (error) {
        if (error instanceof ProblemError && error.status === 412) throw new ConflictError(await get(id));
        throw error;
      }
    },
    remove: async (id: string, version: number) => {
      await send(task(id), { method: "DELETE", headers: { "if-match": `"${version}"` } });
    },
    comments: (id: string) => collect<Comment>(send, `${task(id)}/comments`),
    comment: async (id: string, body: string) =>
      (await send<Comment>(`${task(id)}/comments`, { method: "POST", body: { body } })).data,
    removeComment: async (id: string, commentId: string) => {
      await send(`${task(id)}/comments/${encodeURIComponent(commentId)}`, { method: "DELETE" });
    },
    watchers: async (id: string) => (await send<Watcher[]>(`${task(id)}/watchers`)).data,
    watch: async (id: string, isWatched: boolean) => {
      await send(`${task(id)}/watch`, { method: isWatched ? "PUT" : "DELETE" });
    },
  };
}
