import { useEffect, useRef, useState, type SubmitEvent } from "react";

import { Button } from "@/components/button";
import { TextArea, TextField } from "@/components/field";
import { submitOnCommandEnter } from "@/components/submit";
import { ConflictError, type Task } from "@/features/tasks/api";
import { ConflictDialog } from "@/features/tasks/conflict-dialog";
import type { OpenEdit } from "@/features/tasks/drafts";
import { useTasks } from "@/features/tasks/tasks-context";
import { explain } from "@/lib/problems";

import styles from "./task-text.module.css";

/** How often an edit is put on top of changes that leave the text alone, before a person is asked. */
const MERGES = 3;

/** Title and description, to read; or to edit, from the version that was read. */
export function TaskText({ task }: { task: Task }) {
  const { drafts } = useTasks();
  const [edit, setEdit] = useState(() => drafts.edit(task.id));
  if (edit !== null) {
    const onDone = () => {
      drafts.keepEdit(task.id, null);
      setEdit(null);
    };
    return <TaskEditor from={edit} onDone={onDone} />;
  }
  const begin = () => {
    const { title, description } = task;
    setEdit({ seen: task, title, description });
  };
  return (
    <div className={styles.text}>
      <div className={styles.titleLine}>
        <h1 id="task-title">{task.title}</h1>
        <Button look="quiet" onClick={begin}>
          Edit
        </Button>
      </div>
      {task.description === "" ? (
        <p className={styles.none}>No description.</p>
      ) : (
        <p className={styles.description}>{task.description}</p>
      )}
    </div>
  );
}

function TaskEditor({ from, onDone }: { from: OpenEdit; onDone: () => void }) {
  const { store, drafts } = useTasks();
  const { seen } = from;
  const form = useRef<HTMLFormElement>(null);
  const [title, setTitle] = useState(from.title);
  const [description, setDescription] = useState(from.description);
  const [theirs, setTheirs] = useState<Task | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isSaving, setSaving] = useState(false);

  useEffect(() => drafts.keepEdit(seen.id, { seen, title, description }), [drafts, seen, title, description]);

  const draft = { title: title.trim(), description };
  const changes = {
    ...(draft.title !== seen.title && { title: draft.title }),
    ...(draft.description !== seen.description && { description: draft.description }),
  };
  /** Writes what was changed here onto a version whose text this person has seen. */
  const save = async (onto: Task, tries = MERGES) => {
    if (Object.keys(changes).length === 0) {
      onDone();
      return;
    }
    setSaving(true);
    setError(null);
    setTheirs(null);
    try {
      await store.change(onto, changes, changes);
      onDone();
    } catch (caught) {
      const newer = caught instanceof ConflictError ? caught.theirs : null;
      // Only its status or its assignee was changed, perhaps by this very person: that stays.
      if (newer !== null && tries > 0 && isSameText(newer, onto)) {
        await save(newer, tries - 1);
        return;
      }
      if (newer !== null) setTheirs(newer);
      else setError(caught);
      setSaving(false);
    }
  };
  const goOn = () => {
    setTheirs(null);
    const changed = changes.title === undefined ? "textarea" : "input";
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(changed)?.focus());
  };
  const onSubmit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (title.trim() !== "" && !isSaving) void save(seen);
  };

  return (
    // Escape leaves the editor, as its button Cancel does; with something written it leaves the field alone.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      ref={form}
      className={styles.editor}
      aria-label="Edit task"
      onSubmit={onSubmit}
      onKeyDown={(event) => {
        // In the dialog over the form Escape closes the dialog alone.
        if (event.key !== "Escape" || theirs !== null) return;
        event.stopPropagation();
        event.nativeEvent.stopImmediatePropagation();
        if (Object.keys(changes).length === 0) onDone();
        else if (event.target instanceof HTMLElement) event.target.blur();
      }}
    >
      <TextField
        label="Title"
        required
        maxLength={200}
        // eslint-disable-next-line jsx-a11y/no-autofocus -- who presses Edit wants to write
        autoFocus
        value={title}
        onChange={(event) => setTitle(event.target.value)}
      />
      <TextArea
        label="Description"
        rows={8}
        maxLength={10_000}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
        onKeyDown={submitOnCommandEnter}
      />
      {error !== null && (
        <p role="alert" className={styles.problem}>
          {explain(error)}
        </p>
      )}
      <div className={styles.buttons}>
        <Button look="primary" type="submit" disabled={isSaving || title.trim() === ""}>
          {isSaving ? "Saving…" : "Save"}
        </Button>
        <Button look="quiet" onClick={onDone}>
          Cancel
        </Button>
      </div>
      {theirs !== null && (
        <ConflictDialog
          mine={{ title: theirs.title, description: theirs.description, ...changes }}
          theirs={theirs}
          onKeepMine={() => void save(theirs)}
          onTakeTheirs={onDone}
          onClose={goOn}
        />
      )}
    </form>
  );
}

function isSameText(one: Task, other: Task): boolean {
  return one.title === other.title && one.description === other.description;
}
