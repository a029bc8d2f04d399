import type { TasksApi } from "@/features/tasks/api";
import { TASK_CHANNEL } from "@/lib/task-channel";

/** The windows of one browser tell each other which task was changed: no notification goes to who made the change. */
export class TaskNews {
  #channel: BroadcastChannel | null = null;
  readonly #listeners = new Set<(taskId: string) => void>();

  /** Hears the other windows until the answer is called. */
  start(): () => void {
    const channel = new BroadcastChannel(TASK_CHANNEL);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "string") for (const listener of this.#listeners) listener(data);
    };
    this.#channel = channel;
    return () => {
      channel.close();
      this.#channel = null;
    };
  }

  readonly subscribe = (listener: (taskId: string) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  tell(taskId: string): void {
    this.#channel?.postMessage(taskId);
  }
}

/** The same API; what it has changed is told to the other windows. */
export function telling(api: TasksApi, tell: (taskId: string) => void): TasksApi {
  const after =
    <A extends [string, ...unknown[]], R>(send: (...request: A) => Promise<R>) =>
    async (...request: A): Promise<R> => {
      const answer = await send(...request);
      tell(request[0]);
      return answer;
    };
  return {
    ...api,
    create: async (task) => {
      const created = await api.create(task);
      tell(created.id);
      return created;
    },
    change: after(api.change),
    remove: after(api.remove),
    comment: after(api.comment),
    removeComment: after(api.removeComment),
    watch: after(api.watch),
  };
}
