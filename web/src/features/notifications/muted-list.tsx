import { useRef } from "react";
import { Link } from "react-router";

import { useAnnounce } from "@/components/announcer";
import { Button } from "@/components/button";
import { Card } from "@/components/card";
import { RelativeMoment } from "@/components/relative-moment";
import { Skeleton } from "@/components/skeleton";
import { StateMessage } from "@/components/state-message";
import { useToast } from "@/components/toasts";
import { useMutedList, type MutedRow } from "@/features/notifications/use-muted-list";
import { explain } from "@/lib/problems";
import { useMutedTasks } from "@/realtime/use-muted-tasks";

import styles from "./muted-list.module.css";

const BONES = 2;

/** The tasks of which one is told only when one is assigned to them. */
export function MutedList() {
  const { status, error, rows, cursor, isLoadingMore, load, more } = useMutedList();
  const list = useRef<HTMLUListElement>(null);
  const unmute = useUnmute();
  const onUnmute = (row: MutedRow) => {
    const buttons = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = buttons.findIndex((button) => button === document.activeElement);
    unmute(row);
    // The row goes: who is at the keyboard goes on at the next one, or at the last.
    (buttons[at + 1] ?? buttons[at - 1] ?? list.current)?.focus();
  };
  return (
    <Card
      title="Muted tasks"
      about="You are told of a muted task only when it is assigned to you. You still find it on the board."
    >
      <ul
        ref={list}
        tabIndex={-1}
        aria-label="Muted tasks"
        aria-busy={status === "loading"}
        className={styles.list}
      >
        {rows.map((row) => (
          <li key={row.taskId} data-muted={row.taskId}>
            <div className={styles.words}>
              {row.title === null ? (
                <span className={styles.gone}>A task that is gone</span>
              ) : (
                <Link to={`/tasks/${row.taskId}`}>{row.title}</Link>
              )}
              <p>
                muted <RelativeMoment moment={row.mutedAt} />
              </p>
            </div>
            <Button
              aria-label={`Unmute: ${row.title ?? "a task that is gone"}`}
              onClick={() => onUnmute(row)}
            >
              Unmute
            </Button>
          </li>
        ))}
      </ul>
      {status === "loading" && (
        <div className={styles.bones}>
          {Array.from({ length: BONES }, (_, bone) => (
            <Skeleton key={bone} height={36} />
          ))}
        </div>
      )}
      {status === "failed" && (
        <StateMessage
          isProblem
          icon="offline"
          title="Your muted tasks could not be loaded"
          detail={explain(error)}
          action={<Button onClick={load}>Try again</Button>}
        />
      )}
      {status === "ready" && rows.length === 0 && cursor === null && (
        <p className={styles.empty}>No task is muted. You can mute one beside its Watch button.</p>
      )}
      {cursor !== null && (
        <p className={styles.more}>
          <Button look="quiet" disabled={isLoadingMore} onClick={more}>
            {isLoadingMore ? "One moment…" : "Show more"}
          </Button>
        </p>
      )}
    </Card>
  );
}

function useUnmute(): (row: MutedRow) => void {
  const { store } = useMutedTasks();
  const toast = useToast();
  const announce = useAnnounce();
  const change = (taskId: string, isMuted: boolean, done: () => void) => {
    store.change(taskId, isMuted).then(done, (error: unknown) => {
      const title = isMuted ? "The task was not muted" : "The task is still muted";
      toast({ title, detail: explain(error), look: "problem" });
      announce(title);
    });
  };
  return ({ taskId, title }) => {
    const words = `Unmuted ${title === null ? "a task that is gone" : `‘${title}’`}`;
    change(taskId, false, () => {
      const undo = () => change(taskId, true, () => announce("Muted again"));
      toast({ title: words, action: { label: "Undo", run: undo } });
      announce(words);
    });
  };
}
