import { useCallback, useEffect, useReducer } from "react";

import type { Comment, TasksApi, Watcher } from "@/features/tasks/api";
import { useQuietRefresh } from "@/features/tasks/quiet-refresh";
import { tasksConcerned } from "@/features/tasks/tasks-concerned";
import { useTasks } from "@/features/tasks/tasks-context";
import { ProblemError } from "@/lib/problems";
import type { FeedEvent } from "@/realtime/feed";
import { useNotificationEvents } from "@/realtime/use-notifications";

export interface TaskDetail {
  status: "loading" | "ready" | "gone" | "failed";
  error: unknown;
  comments: readonly Comment[];
  watchers: readonly Watcher[];
  isTruncated: boolean;
}

type Loaded = Pick<TaskDetail, "comments" | "watchers" | "isTruncated">;
type Happening = { kind: "loaded"; loaded: Loaded } | { kind: "failed"; error: unknown };

const BEFORE: TaskDetail = { status: "loading", error: null, comments: [], watchers: [], isTruncated: false };

function detailAfter(before: TaskDetail, happening: Happening): TaskDetail {
  if (happening.kind === "loaded") return { ...happening.loaded, status: "ready", error: null };
  const isGone = happening.error instanceof ProblemError && [404, 422].includes(happening.error.status);
  if (isGone) return { ...BEFORE, status: "gone" };
  // What is on the screen stays there when only a refresh fails.
  return before.status === "ready" ? before : { ...BEFORE, status: "failed", error: happening.error };
}

async function load(api: TasksApi, id: string): Promise<Loaded> {
  const [comments, watchers] = await Promise.all([api.comments(id), api.watchers(id)]);
  return { comments: comments.items, isTruncated: comments.isTruncated, watchers };
}

/** Comments and watchers of one task, loaded again for the same causes as the board. */
export function useTaskDetail(id: string): TaskDetail & { reload: () => Promise<void> } {
  const { api, store, news } = useTasks();
  const [detail, tell] = useReducer(detailAfter, BEFORE);

  const reload = useCallback(async () => {
    try {
      const [loaded] = await Promise.all([load(api, id), store.refresh(id)]);
      tell({ kind: "loaded", loaded });
    } catch (error) {
      tell({ kind: "failed", error });
    }
  }, [api, id, store]);

  useEffect(() => {
    void reload();
    const onFocus = () => void reload();
    window.addEventListener("focus", onFocus);
    return () => window.removeEventListener("focus", onFocus);
  }, [reload]);

  useQuietRefresh(reload);
  useEffect(() => news.subscribe((changed) => changed === id && void reload()), [id, news, reload]);

  const onEvent = useCallback(
    (event: FeedEvent) => {
      const ids = tasksConcerned(event);
      if (ids === "all" || ids.includes(id)) void reload();
    },
    [id, reload],
  );
  useNotificationEvents(onEvent);

  return { ...detail, reload };
}
