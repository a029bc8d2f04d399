import { useEffect, useRef, useState, type SubmitEvent } from "react";

import { useNavigate } from "react-router";

import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { TextArea, TextField } from "@/components/field";
import { useToast } from "@/components/toasts";
import type { Status, User } from "@/features/tasks/api";
import type { NewTaskDraft } from "@/features/tasks/drafts";
import { AssigneePicker, StatusPicker } from "@/features/tasks/pickers";
import { useTasks } from "@/features/tasks/tasks-context";
import { useApi } from "@/lib/api-context";
import { explain, ProblemError } from "@/lib/problems";
import { submitOnCommandEnter } from "@/components/submit";

import styles from "./create-task-dialog.module.css";

/** What is written stays for the next opening, unless the task is created or the button Cancel discards it. */
export function CreateTaskDialog({ status: first, onClose }: { status: Status; onClose: () => void }) {
  const { store, people, drafts } = useTasks();
  const { me } = useApi();
  const toast = useToast();
  const navigate = useNavigate();
  const [title, setTitle] = useState(() => drafts.newTask()?.title ?? "");
  const [description, setDescription] = useState(() => drafts.newTask()?.description ?? "");
  const [status, setStatus] = useState(first);
  const [assignee, setAssignee] = useState<User | null>(() => drafts.newTask()?.assignee ?? null);
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const titleProblem = error instanceof ProblemError ? error.about("title") : null;

  const created = useRef<string | null>(null);

  useEffect(
    () => () => {
      const id = created.current;
      if (id !== null) requestAnimationFrame(() => focusCardOf(id));
    },
    [],
  );

  const keepDraft = (changed: Partial<NewTaskDraft>) =>
    drafts.keepNewTask({ title, description, assignee, ...changed });
  const discard = () => {
    drafts.keepNewTask(null);
    onClose();
  };
  const create = async () => {
    setSending(true);
    setError(null);
    try {
      const task = await store.create({
        title: title.trim(),
        description,
        status,
        assignee_id: assignee?.id ?? null,
      });
      const open = () => void navigate(`/tasks/${task.id}`);
      // The filter of the board may hide it.
      toast({ title: `Created ‘${task.title}’`, topic: task.id, action: { label: "Open", run: open } });
      created.current = task.id;
      discard();
    } catch (caught) {
      setError(caught);
      setSending(false);
    }
  };
  const onSubmit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (title.trim() !== "" && !isSending) void create();
  };

  return (
    <Dialog title="New task" onClose={onClose}>
      <form className={styles.form} onSubmit={onSubmit}>
        <TextField
          label="Title"
          name="title"
          required
          maxLength={200}
          autoComplete="off"
          placeholder="What is to be done?"
          value={title}
          problem={titleProblem}
          onChange={(event) => {
            setTitle(event.target.value);
            keepDraft({ title: event.target.value });
          }}
        />
        <TextArea
          label="Description"
          name="description"
          maxLength={10_000}
          placeholder="Add what somebody needs to know…"
          value={description}
          onChange={(event) => {
            setDescription(event.target.value);
            keepDraft({ description: event.target.value });
          }}
          onKeyDown={submitOnCommandEnter}
        />
        <div className={styles.pickers}>
          <StatusPicker status={status} onPick={setStatus} />
          <AssigneePicker
            assignee={assignee}
            people={people}
            meId={me.id}
            onPick={(person) => {
              setAssignee(person);
              keepDraft({ assignee: person });
            }}
          />
        </div>
        {error !== null && titleProblem === null && (
          <p role="alert" className={styles.problem}>
            {explain(error)}
          </p>
        )}
        <div className={styles.buttons}>
          <Button look="quiet" onClick={discard}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={isSending || title.trim() === ""}>
            {isSending ? "Creating…" : "Create task"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Who opened the dialog by its key had the focus nowhere: it goes to the new card. */
function focusCardOf(taskId: string): void {
  if (document.activeElement !== document.body) return;
  document.querySelector<HTMLElement>(`[data-card="${taskId}"]`)?.focus();
}
