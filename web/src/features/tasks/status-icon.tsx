import type { Status } from "@/features/tasks/api";

import styles from "./status-icon.module.css";

/** How far a task is, as a circle that fills. */
export function StatusIcon({ status, size = 14 }: { status: Status; size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 14 14" className={styles[status]}>
      {status === "done" ? (
        <>
          <circle cx="7" cy="7" r="6.5" fill="currentColor" />
          <path d="M4.2 7.2l2 2 3.6-4.2" fill="none" stroke="var(--surface)" strokeWidth="1.5" />
        </>
      ) : (
        <>
          <circle
            cx="7"
            cy="7"
            r="5.75"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
            strokeDasharray={status === "todo" ? "2 1.6" : undefined}
          />
          {status === "in_progress" && <path d="M7 3.5a3.5 3.5 0 0 1 0 7z" fill="currentColor" />}
          {status === "in_review" && <path d="M7 3.5A3.5 3.5 0 1 1 3.5 7H7z" fill="currentColor" />}
        </>
      )}
    </svg>
  );
}
