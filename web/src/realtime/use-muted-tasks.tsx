import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";

import { useApi } from "@/lib/api-context";
import { explain } from "@/lib/problems";
import { MutedTasks, type MutedState } from "@/realtime/muted-tasks";
import { useFeed } from "@/realtime/use-notifications";

const MutedTasksContext = createContext<MutedTasks | null>(null);

export function MutedTasksProvider({ children }: { children: ReactNode }) {
  const { notifications } = useApi();
  const [store] = useState(() => new MutedTasks(notifications));
  useEffect(() => store.start(window), [store]);
  return <MutedTasksContext value={store}>{children}</MutedTasksContext>;
}

export function useMutedTasks(): { store: MutedTasks; state: MutedState } {
  const store = useContext(MutedTasksContext);
  if (store === null) throw new Error("useMutedTasks is for what stands inside a MutedTasksProvider");
  return { store, state: useSyncExternalStore(store.subscribe, store.state) };
}

/** What a person is told after a change; the hook itself draws nothing. */
export interface Word {
  /** A later one of the same id takes its place. */
  id?: string;
  title: string;
  detail?: string;
  look?: "problem";
  action?: { label: string; run: () => void };
}

export interface Muting {
  /** Null until the server has said it. */
  isMuted: boolean | null;
  change: (isMuted: boolean) => void;
}

/**
 * Mutes one task and unmutes it; `taskId` is null while nobody looks. A mute marks nothing: what is unread stays so
 * until somebody says otherwise, which the word about it offers.
 */
export function useMuting(taskId: string | null, say: (word: Word) => void): Muting {
  const { store, state } = useMutedTasks();
  const feed = useFeed();
  useEffect(() => (taskId === null ? undefined : store.follow(taskId)), [store, taskId]);

  const change = useCallback(
    (isMuted: boolean) => {
      if (taskId === null) return;
      const unread = feed.state().items.filter((item) => item.task_id === taskId && item.read_at === null);
      const acknowledge = {
        label: unread.length === 1 ? "Mark 1 unread as read" : `Mark ${unread.length} unread as read`,
        run: () => {
          for (const { id } of unread) feed.markRead(id);
        },
      };
      const id = `mute ${taskId}`;
      store.change(taskId, isMuted).then(
        () =>
          say(
            isMuted
              ? {
                  id,
                  title: "Muted: you are told only when it is assigned to you",
                  ...(unread.length > 0 && { action: acknowledge }),
                }
              : { id, title: "Unmuted: you are told again of what happens to it" },
          ),
        (error: unknown) =>
          say({
            id,
            title: isMuted ? "The task was not muted" : "The task is still muted",
            detail: explain(error),
            look: "problem",
          }),
      );
    },
    [feed, say, store, taskId],
  );
  return { isMuted: taskId === null ? null : (state.get(taskId) ?? null), change };
}
