import { useCallback, useEffect, useReducer, useRef } from "react";

import { useApi } from "@/lib/api-context";
import type { components } from "@/lib/contracts/task-service.gen";
import type { Send } from "@/lib/http";
import { ProblemError } from "@/lib/problems";
import type { MutedPage } from "@/realtime/muted-tasks";
import { useMutedTasks } from "@/realtime/use-muted-tasks";

/** So many tasks at a time: each has its title asked for. */
export const MUTED_PAGE = 20;

export interface MutedRow {
  taskId: string;
  mutedAt: string;
  /** Null for a task that is gone, or whose title could not be had. */
  title: string | null;
}

export interface MutedList {
  status: "loading" | "ready" | "failed";
  error: unknown;
  rows: readonly MutedRow[];
  cursor: string | null;
  isLoadingMore: boolean;
}

type Happening =
  | { kind: "asked"; isMore: boolean }
  | { kind: "loaded"; rows: readonly MutedRow[]; cursor: string | null; isMore: boolean }
  | { kind: "failed"; error: unknown; isMore: boolean };

const BEFORE: MutedList = { status: "loading", error: null, rows: [], cursor: null, isLoadingMore: false };

function after(list: MutedList, happening: Happening): MutedList {
  switch (happening.kind) {
    case "asked":
      if (happening.isMore) return { ...list, isLoadingMore: true };
      return list.status === "failed" ? BEFORE : list;
    case "loaded": {
      const rows = happening.isMore ? [...list.rows, ...happening.rows] : happening.rows;
      return { status: "ready", error: null, rows, cursor: happening.cursor, isLoadingMore: false };
    }
    case "failed":
      // What is on the screen stays there.
      if (list.status === "ready") return { ...list, isLoadingMore: false };
      return { ...BEFORE, status: "failed", error: happening.error };
  }
}

async function titled(send: Send, page: MutedPage): Promise<MutedRow[]> {
  const title = async (id: string) =>
    (await send<components["schemas"]["Task"]>(`/api/tasks/${encodeURIComponent(id)}`)).data.title;
  return Promise.all(
    page.items.map(async ({ task_id, muted_at }) => ({
      taskId: task_id,
      mutedAt: muted_at,
      title: await title(task_id).catch((error: unknown) => {
        if (error instanceof ProblemError) return null;
        throw error;
      }),
    })),
  );
}

/** The tasks that a person has muted, newest first, a page at a time; without those that were unmuted meanwhile. */
export function useMutedList(): MutedList & { load: () => void; more: () => void } {
  const { tasks } = useApi();
  const { store, state } = useMutedTasks();
  const [list, tell] = useReducer(after, BEFORE);
  const looked = useRef<typeof state | null>(null);

  const ask = useCallback(
    async (cursor: string | null) => {
      const isMore = cursor !== null;
      tell({ kind: "asked", isMore });
      try {
        const page = await store.list(cursor, MUTED_PAGE);
        tell({ kind: "loaded", rows: await titled(tasks, page), cursor: page.next_cursor, isMore });
      } catch (error) {
        tell({ kind: "failed", error, isMore });
      }
    },
    [store, tasks],
  );
  const load = useCallback(() => void ask(null), [ask]);

  useEffect(() => {
    load();
    window.addEventListener("online", load);
    return () => window.removeEventListener("online", load);
  }, [load]);

  // Muted in another window, it is not in the list yet.
  useEffect(() => {
    if (list.status !== "ready" || looked.current === state) return;
    looked.current = state;
    const listed = new Set(list.rows.map(({ taskId }) => taskId));
    const isNew = [...state].some(([taskId, isMuted]) => isMuted && !listed.has(taskId));
    if (isNew && list.cursor === null) load();
  }, [list, load, state]);

  const rows = list.rows.filter(({ taskId }) => state.get(taskId) !== false);
  const more = () => {
    if (list.cursor !== null && !list.isLoadingMore) void ask(list.cursor);
  };
  return { ...list, rows, load, more };
}
