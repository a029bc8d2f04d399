import { Button } from "@/components/button";
import { Icon } from "@/components/icon";
import { useNotifications } from "@/realtime/use-notifications";

import styles from "./inbox-view.module.css";

export interface Undo {
  /** What was marked, if it can be marked unread again; else none. */
  ids: readonly string[];
  text: string;
}

interface UndoStripProps {
  undo: Undo;
  onUndo: () => void;
  onGone: () => void;
}

/** What was just marked, and the way back; it stays until something else is done, so that nobody has to hurry. */
export function UndoStrip({ undo, onUndo, onGone }: UndoStripProps) {
  const { items } = useNotifications();
  const ids = new Set(undo.ids);
  // Refused by the server, or undone in another window.
  const isUnreadAgain = ids.size > 0 && items.every(({ id, read_at }) => !ids.has(id) || read_at === null);
  if (isUnreadAgain) return null;
  return (
    <div className={styles.undo}>
      <span>{undo.text}</span>
      {ids.size > 0 && (
        <Button
          look="quiet"
          onClick={() => {
            onUndo();
            onGone();
          }}
        >
          <Icon name="undo" size={14} />
          Undo
        </Button>
      )}
      <Button look="quiet" square aria-label="Dismiss" onClick={onGone}>
        <Icon name="close" size={14} />
      </Button>
    </div>
  );
}
