import { Dialog } from "@/components/dialog";

import styles from "./shortcuts-dialog.module.css";

const SHORTCUTS: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["C"], does: "Create a task" },
  { keys: ["N"], does: "Open or close the notifications" },
  { keys: ["Shift", "N"], does: "Open or close the whole inbox" },
  { keys: ["/"], does: "Filter the board by title" },
  { keys: ["←", "→", "↑", "↓"], does: "Go from card to card, or through an open list" },
  { keys: ["Shift", "← →"], does: "Move the card to the column beside" },
  { keys: ["Enter"], does: "Open the task" },
  { keys: ["Ctrl", "Enter"], does: "Send what is written" },
  { keys: ["Esc"], does: "Close what is open" },
  { keys: ["?"], does: "Show this list" },
];

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className={styles.list}>
        {SHORTCUTS.map(({ keys, does }) => (
          <div key={does} className={styles.row}>
            <dt>{does}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
