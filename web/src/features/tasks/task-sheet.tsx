import { useCallback, useEffect, useRef, useState } from "react";
import { useNavigate, useParams } from "react-router";

import { Button } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { Icon } from "@/components/icon";
import { Menu } from "@/components/menu";
import { RelativeMoment } from "@/components/relative-moment";
import { Skeleton } from "@/components/skeleton";
import { StateMessage } from "@/components/state-message";
import { useToast } from "@/components/toasts";
import type { Task } from "@/features/tasks/api";
import { Comments } from "@/features/tasks/comments";
import { MuteButton } from "@/features/tasks/mute-button";
import { AssigneePicker, StatusPicker } from "@/features/tasks/pickers";
import { useTaskDetail } from "@/features/tasks/task-detail";
import { TaskText } from "@/features/tasks/task-text";
import { useTaskActions, useTasks } from "@/features/tasks/tasks-context";
import { WatchButton } from "@/features/tasks/watch-button";
import { WhyNotDialog } from "@/features/tasks/why-not-dialog";
import { useApi } from "@/lib/api-context";
import { explain } from "@/lib/problems";

import styles from "./task-sheet.module.css";

/** One task beside the board; on a phone over it. */
export function TaskSheet() {
  const id = useParams().taskId ?? "";
  return <Sheet key={id} id={id} />;
}

function Sheet({ id }: { id: string }) {
  const { tasks } = useTasks();
  const task = tasks.find((one) => one.id === id);
  const detail = useTaskDetail(id);
  const navigate = useNavigate();
  const sheet = useRef<HTMLElement>(null);
  const close = useCallback(() => {
    void navigate("/");
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-card="${id}"]`)?.focus());
  }, [id, navigate]);

  useEffect(() => {
    if (window.location.hash === "") sheet.current?.focus({ preventScroll: true });
    const onKey = (event: KeyboardEvent) => {
      const isElsewhere = document.querySelector('dialog[open], [role="menu"]') !== null;
      if (event.key !== "Escape" || event.defaultPrevented || isElsewhere) return;
      close();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [close]);

  return (
    <aside
      ref={sheet}
      tabIndex={-1}
      className={styles.sheet}
      aria-label={task?.title ?? "Task"}
      data-task={id}
    >
      <div className={styles.bar}>
        <Button look="quiet" square aria-label="Close task" onClick={close}>
          <Icon name="close" />
        </Button>
        {task !== undefined && detail.status !== "gone" && <TaskMenu task={task} onGone={close} />}
      </div>
      <div className={styles.scroll}>
        {task !== undefined && detail.status !== "gone" ? (
          <>
            <TaskText task={task} />
            <Facts task={task} detail={detail} />
            {detail.status === "failed" ? (
              <StateMessage
                isProblem
                icon="offline"
                title="The comments could not be loaded"
                detail={explain(detail.error)}
                action={<Button onClick={() => void detail.reload()}>Try again</Button>}
              />
            ) : detail.status === "loading" ? (
              <div aria-busy="true" className={styles.bones}>
                <Skeleton height={44} />
                <Skeleton height={44} width="70%" />
              </div>
            ) : (
              <Comments
                taskId={task.id}
                comments={detail.comments}
                isTruncated={detail.isTruncated}
                onChanged={detail.reload}
              />
            )}
          </>
        ) : detail.status === "loading" ? (
          <div aria-busy="true" className={styles.bones}>
            <Skeleton height={28} width="75%" />
            <Skeleton height={14} />
            <Skeleton height={14} width="60%" />
          </div>
        ) : (
          <StateMessage
            isProblem
            icon={detail.status === "failed" ? "offline" : "search"}
            title={detail.status === "failed" ? "The task could not be loaded" : "This task is gone"}
            detail={detail.status === "failed" ? explain(detail.error) : "It was deleted, or it never was."}
            action={<Button onClick={close}>Back to the board</Button>}
          />
        )}
      </div>
    </aside>
  );
}

function Facts({ task, detail }: { task: Task; detail: ReturnType<typeof useTaskDetail> }) {
  const { people } = useTasks();
  const { me } = useApi();
  const { move, assign } = useTaskActions();
  return (
    <div className={styles.facts}>
      <div className={styles.pickers}>
        <StatusPicker status={task.status} onPick={(status) => void move(task, status)} />
        <AssigneePicker
          assignee={task.assignee}
          people={people}
          meId={me.id}
          onPick={(assignee) => void assign(task, assignee).then(detail.reload)}
        />
        <WatchButton
          taskId={task.id}
          watchers={detail.watchers}
          isLoading={detail.status !== "ready"}
          onChanged={detail.reload}
        >
          <MuteButton taskId={task.id} />
        </WatchButton>
      </div>
      <p className={styles.origin}>
        Created by {task.creator.id === me.id ? "you" : task.creator.name},{" "}
        <RelativeMoment moment={task.created_at} />
        {task.updated_at !== task.created_at && (
          <>
            {" · changed "}
            <RelativeMoment moment={task.updated_at} />
          </>
        )}
      </p>
    </div>
  );
}

function TaskMenu({ task, onGone }: { task: Task; onGone: () => void }) {
  const { store } = useTasks();
  const { me } = useApi();
  const toast = useToast();
  const [asking, setAsking] = useState<"nothing" | "delete" | "why">("nothing");
  const close = () => setAsking("nothing");
  const mayDelete = task.creator.id === me.id || me.role === "administrator";

  const copyLink = () => {
    const link = `${window.location.origin}/tasks/${task.id}`;
    navigator.clipboard.writeText(link).then(
      () => toast({ title: "Link copied" }),
      () => toast({ title: "The link could not be copied", detail: link, look: "problem" }),
    );
  };
  const remove = async () => {
    close();
    try {
      await store.remove(task);
      toast({ title: `Deleted ‘${task.title}’` });
      onGone();
    } catch (error) {
      toast({ title: `‘${task.title}’ was not deleted`, detail: explain(error), look: "problem" });
      void store.refresh(task.id);
    }
  };

  return (
    <>
      <Menu
        label="Task actions"
        className={styles.more}
        items={[
          { key: "link", label: "Copy link", leading: <Icon name="link" />, run: copyLink },
          {
            key: "why",
            label: "Why was I not told?",
            leading: <Icon name="question" />,
            run: () => setAsking("why"),
          },
          ...(mayDelete
            ? [
                {
                  key: "delete",
                  label: "Delete task…",
                  leading: <Icon name="trash" />,
                  isDanger: true,
                  run: () => setAsking("delete"),
                },
              ]
            : []),
        ]}
      >
        <Icon name="more" />
      </Menu>
      {asking === "why" && <WhyNotDialog task={task} onClose={close} />}
      {asking === "delete" && (
        <ConfirmDialog
          title="Delete this task?"
          action="Delete task"
          onConfirm={() => void remove()}
          onClose={close}
        >
          ‘{task.title}’ and its comments will be gone for everybody. This cannot be undone.
        </ConfirmDialog>
      )}
    </>
  );
}
