import type { KeyboardEvent, PointerEvent } from "react";
import { Link } from "react-router";

import { Avatar } from "@/components/avatar";
import { Icon } from "@/components/icon";
import { Menu } from "@/components/menu";
import { RelativeMoment } from "@/components/relative-moment";
import { VisuallyHidden } from "@/components/visually-hidden";
import type { Status, Task } from "@/features/tasks/api";
import { statusItems } from "@/features/tasks/pickers";
import { besides } from "@/features/tasks/statuses";
import { classNames } from "@/lib/class-names";

import styles from "./task-card.module.css";

interface TaskCardProps {
  task: Task;
  isOpen: boolean;
  isLifted: boolean;
  onMove: (task: Task, status: Status) => void;
  onPointerDown: (event: PointerEvent<HTMLElement>, task: Task) => void;
}

export function TaskCard({ task, isOpen, isLifted, onMove, onPointerDown }: TaskCardProps) {
  const onKeyDown = (event: KeyboardEvent<HTMLAnchorElement>) => {
    const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : null;
    if (step === null || !event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const status = besides(task.status, step);
    if (status !== null) onMove(task, status);
  };
  return (
    <li
      className={classNames(styles.card, isOpen && styles.open, isLifted && styles.lifted)}
      onPointerDown={(event) => onPointerDown(event, task)}
    >
      <div className={styles.top}>
        <Link
          to={`/tasks/${task.id}`}
          className={styles.title}
          data-card={task.id}
          draggable={false}
          aria-current={isOpen ? "true" : undefined}
          onKeyDown={onKeyDown}
        >
          {task.title}
        </Link>
        <Menu
          label={`Move ‘${task.title}’`}
          items={statusItems(task.status, (status) => onMove(task, status))}
          className={styles.menu}
        >
          <Icon name="more" size={16} />
        </Menu>
      </div>
      <div className={styles.foot}>
        <RelativeMoment moment={task.updated_at} />
        <VisuallyHidden>
          {task.assignee === null ? "Assigned to nobody" : `Assigned to ${task.assignee.name}`}
        </VisuallyHidden>
        <Avatar person={task.assignee} size="small" />
      </div>
    </li>
  );
}

/** The card in the hand. */
export function CardGhost({ task }: { task: Task }) {
  return (
    <div className={classNames(styles.card, styles.ghost)} aria-hidden="true">
      <div className={styles.top}>
        <span className={styles.title}>{task.title}</span>
      </div>
      <div className={styles.foot}>
        <RelativeMoment moment={task.updated_at} />
        <Avatar person={task.assignee} size="small" />
      </div>
    </div>
  );
}
