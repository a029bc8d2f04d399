import type { ReactNode } from "react";

import { Icon, type IconName } from "@/components/icon";

import styles from "./state-message.module.css";

interface StateMessageProps {
  icon: IconName;
  title: string;
  detail?: string;
  action?: ReactNode;
  /** A problem is said at once; an empty list is not. */
  isProblem?: boolean;
}

/** What stands where content would: nothing yet, or something went wrong. */
export function StateMessage({ icon, title, detail, action, isProblem = false }: StateMessageProps) {
  return (
    <div className={styles.message} role={isProblem ? "alert" : undefined}>
      <span className={styles.icon}>
        <Icon name={icon} size={20} />
      </span>
      <p className={styles.title}>{title}</p>
      {detail !== undefined && <p className={styles.detail}>{detail}</p>}
      {action !== undefined && <div className={styles.action}>{action}</div>}
    </div>
  );
}
