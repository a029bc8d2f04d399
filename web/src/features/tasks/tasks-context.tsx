import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";

import { useAnnounce } from "@/components/announcer";
import { useToast } from "@/components/toasts";
import { ConflictError, tasksApi, type Task, type TaskChanges, type TasksApi } from "@/features/tasks/api";
import { Drafts } from "@/features/tasks/drafts";
import { statusName } from "@/features/tasks/statuses";
import { useQuietRefresh } from "@/features/tasks/quiet-refresh";
import { TaskNews, telling } from "@/features/tasks/task-news";
import { tasksConcerned } from "@/features/tasks/tasks-concerned";
import { TaskStore, type TasksState } from "@/features/tasks/task-store";
import { useApi } from "@/lib/api-context";
import { explain } from "@/lib/problems";
import type { FeedEvent } from "@/realtime/feed";
import { useNotificationEvents } from "@/realtime/use-notifications";

interface Tasks {
  api: TasksApi;
  store: TaskStore;
  drafts: Drafts;
  news: TaskNews;
}

const TasksContext = createContext<Tasks | null>(null);

/** Loads the tasks; again when a notification or another window speaks of one, and while the window is looked at. */
export function TasksProvider({ children }: { children: ReactNode }) {
  const { tasks: send } = useApi();
  const [tasks] = useState(() => {
    const news = new TaskNews();
    const api = telling(tasksApi(send), (id) => news.tell(id));
    return { api, store: new TaskStore(api), drafts: new Drafts(), news };
  });
  const { store, news } = tasks;
  useQuietRefresh(useCallback(() => store.loadQuietly(), [store]));

  useEffect(() => {
    const forget = news.subscribe((id) => void store.refresh(id).catch(() => undefined));
    const end = news.start();
    return () => {
      forget();
      end();
    };
  }, [news, store]);

  useEffect(() => {
    void store.load();
    const onFocus = () => {
      if (document.visibilityState === "visible") void store.loadIfOld(Date.now());
    };
    window.addEventListener("focus", onFocus);
    document.addEventListener("visibilitychange", onFocus);
    return () => {
      window.removeEventListener("focus", onFocus);
      document.removeEventListener("visibilitychange", onFocus);
    };
  }, [store]);

  const onEvent = useCallback(
    (event: FeedEvent) => {
      const ids = tasksConcerned(event);
      if (ids === "all") void store.load();
      // A task that cannot be asked for now is asked for again with the next load of the board.
      else for (const id of ids) store.refresh(id).catch(() => undefined);
    },
    [store],
  );
  useNotificationEvents(onEvent);

  return <TasksContext value={tasks}>{children}</TasksContext>;
}

function useTasksContext(): Tasks {
  const tasks = useContext(TasksContext);
  if (tasks === null) throw new Error("useTasks is for what stands inside a TasksProvider");
  return tasks;
}

export function useTasks(): TasksState & Tasks {
  const tasks = useTasksContext();
  const state = useSyncExternalStore(tasks.store.subscribe, tasks.store.state);
  return useMemo(() => ({ ...tasks, ...state }), [tasks, state]);
}

/** How often a change of one field is put on top of somebody else's change of another, before a person is asked. */
const MERGES = 3;

export interface TaskActions {
  move: (task: Task, status: Task["status"]) => Promise<void>;
  assign: (task: Task, assignee: Task["assignee"]) => Promise<void>;
}

/** Changes of one field, shown at once and undone with a word if they are refused. */
export function useTaskActions(): TaskActions {
  const { store } = useTasksContext();
  const toast = useToast();
  const announce = useAnnounce();

  const changeField = useCallback(
    async <F extends "status" | "assignee">(
      task: Task,
      field: F,
      value: Task[F],
      changes: TaskChanges,
      done: string,
    ) => {
      const attempt = async (onto: Task, tries = MERGES): Promise<void> => {
        try {
          await store.change(onto, changes, { [field]: value });
          announce(done);
        } catch (error) {
          const theirs = error instanceof ConflictError ? error.theirs : null;
          // Something else of the task was changed: that stays, and this goes on top of it.
          if (theirs !== null && tries > 0 && sameValue(theirs[field], onto[field])) {
            await attempt(theirs, tries - 1);
            return;
          }
          const title =
            theirs === null ? `‘${task.title}’ was not changed` : `‘${task.title}’ was changed meanwhile`;
          const action = theirs !== null && { label: "Change it anyway", run: () => void attempt(theirs) };
          toast({
            title,
            look: "problem",
            detail: theirs === null ? explain(error) : "Somebody else was faster. Your change was not made.",
            ...(action && { action }),
          });
          announce(title);
        }
      };
      await attempt(task);
    },
    [announce, store, toast],
  );

  return useMemo(
    () => ({
      move: async (task, status) => {
        if (status === task.status) return;
        const done = `Moved ‘${task.title}’ to ${statusName(status)}`;
        await changeField(task, "status", status, { status }, done);
      },
      assign: async (task, assignee) => {
        if (assignee?.id === task.assignee?.id) return;
        const done =
          assignee === null ? `Unassigned ‘${task.title}’` : `Assigned ‘${task.title}’ to ${assignee.name}`;
        await changeField(task, "assignee", assignee, { assignee_id: assignee?.id ?? null }, done);
      },
    }),
    [changeField],
  );
}

function sameValue(
  one: Task["status"] | Task["assignee"],
  other: Task["status"] | Task["assignee"],
): boolean {
  const key = (value: typeof one) => (typeof value === "string" ? value : (value?.id ?? null));
  return key(one) === key(other);
}
