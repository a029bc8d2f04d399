import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import type { Task } from "@/features/tasks/api";
import { classNames } from "@/lib/class-names";

import styles from "./conflict-dialog.module.css";

export interface Draft {
  title: string;
  description: string;
}

interface ConflictDialogProps {
  mine: Draft;
  theirs: Task;
  onKeepMine: () => void;
  onTakeTheirs: () => void;
  onClose: () => void;
}

/** Both versions side by side; nothing is lost until one is chosen. */
export function ConflictDialog({ mine, theirs, onKeepMine, onTakeTheirs, onClose }: ConflictDialogProps) {
  const versions = [
    { name: "Your version", draft: mine, other: theirs },
    { name: "Their version, saved meanwhile", draft: theirs, other: mine },
  ];
  return (
    <Dialog wide title="This task was changed while you were editing" onClose={onClose}>
      <p className={styles.lead}>
        Somebody else saved first. Nothing has been overwritten: choose which title and description the task
        shall have.
      </p>
      <div className={styles.versions}>
        {versions.map(({ name, draft, other }) => (
          <section key={name} aria-label={name} className={styles.version}>
            <h3>{name}</h3>
            <dl>
              <dt>Title</dt>
              <dd className={classNames(draft.title !== other.title && styles.differs)}>{draft.title}</dd>
              <dt>Description</dt>
              <dd className={classNames(draft.description !== other.description && styles.differs)}>
                {draft.description || "(empty)"}
              </dd>
            </dl>
          </section>
        ))}
      </div>
      <div className={styles.buttons}>
        <Button look="quiet" onClick={onClose}>
          Go on editing
        </Button>
        <Button onClick={onTakeTheirs}>Take theirs</Button>
        <Button look="primary" onClick={onKeepMine}>
          Keep mine
        </Button>
      </div>
    </Dialog>
  );
}
