import { useCallback } from "react";

import { useApi } from "@/lib/api-context";
import { explain } from "@/lib/problems";
import { tellOfTask } from "@/lib/task-channel";
import type { Word } from "@/realtime/use-muted-tasks";

/** Stops watching a task, with a way back for as long as the word about it stands there. */
export function useStopWatching(say: (word: Word) => void): (taskId: string) => Promise<void> {
  const { tasks: send } = useApi();
  return useCallback(
    async (taskId: string) => {
      const watch = async (isWatched: boolean) => {
        await send(`/api/tasks/${encodeURIComponent(taskId)}/watch`, {
          method: isWatched ? "PUT" : "DELETE",
        });
        tellOfTask(taskId);
      };
      const failed = (title: string) => (error: unknown) =>
        say({ title, detail: explain(error), look: "problem" });
      const undo = () =>
        void watch(true).then(
          () => say({ title: "You watch the task again" }),
          failed("You do not watch the task: it could not be undone"),
        );
      await watch(false).then(
        () =>
          say({
            title: "You no longer watch this task",
            detail: "You are told when it is assigned to you.",
            action: { label: "Undo", run: undo },
          }),
        failed("You still watch this task"),
      );
    },
    [say, send],
  );
}
