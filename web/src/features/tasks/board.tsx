import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { createPortal } from "react-dom";
import { Outlet, useParams } from "react-router";

import { Button } from "@/components/button";
import { Icon } from "@/components/icon";
import { Skeleton } from "@/components/skeleton";
import { StateMessage } from "@/components/state-message";
import type { Status, Task } from "@/features/tasks/api";
import { BoardFilter, isShown, type Filter } from "@/features/tasks/board-filter";
import { useCardDrag } from "@/features/tasks/card-drag";
import { StatusIcon } from "@/features/tasks/status-icon";
import { STATUSES } from "@/features/tasks/statuses";
import { CardGhost, TaskCard } from "@/features/tasks/task-card";
import { useTaskActions, useTasks } from "@/features/tasks/tasks-context";
import { useApi } from "@/lib/api-context";
import { classNames } from "@/lib/class-names";
import { explain } from "@/lib/problems";

import styles from "./board.module.css";

const BONES = [3, 2, 2, 3];

export function Board({ onCreate }: { onCreate: (status: Status) => void }) {
  const { status, error, tasks, people, isTruncated, store } = useTasks();
  const { me } = useApi();
  const { move } = useTaskActions();
  const [filter, setFilter] = useState<Filter>({ text: "", assignee: "everyone" });
  const openTask = useParams().taskId;
  const focusAfterMove = useRef<string | null>(null);

  const onMove = useCallback(
    (task: Task, to: Status) => {
      focusAfterMove.current = task.id;
      void move(task, to);
    },
    [move],
  );
  const { drag, onPointerDown, onClickCapture } = useCardDrag(onMove);

  const isDragging = drag !== null;
  useEffect(() => {
    store.hold(isDragging);
    return () => store.hold(false);
  }, [isDragging, store]);

  const shown = useMemo(() => tasks.filter((task) => isShown(task, filter)), [tasks, filter]);

  useEffect(() => {
    // A card that moved is drawn anew in its column; the focus goes with it.
    if (focusAfterMove.current === null) return;
    document
      .querySelector<HTMLElement>(`[data-card="${focusAfterMove.current}"]`)
      ?.focus({ preventScroll: true });
    focusAfterMove.current = null;
  }, [tasks]);

  return (
    <div className={styles.page}>
      <main className={classNames(styles.main, openTask !== undefined && styles.behind)} aria-label="Board">
        <div className={styles.head}>
          <h1>Board</h1>
          <BoardFilter filter={filter} onChange={setFilter} people={people} meId={me.id} />
        </div>
        {isTruncated && (
          <p className={styles.note}>These are the newest {tasks.length} tasks; older ones are not shown.</p>
        )}
        {status === "failed" ? (
          <StateMessage
            isProblem
            icon="offline"
            title="The board could not be loaded"
            detail={explain(error)}
            action={<Button onClick={() => void store.load()}>Try again</Button>}
          />
        ) : (
          // The arrow keys move the focus among the links inside.
          // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
          <div
            className={styles.columns}
            data-board=""
            role="group"
            aria-label="Columns"
            aria-busy={status === "loading"}
            onKeyDown={walk}
            onClickCapture={onClickCapture}
          >
            {STATUSES.map((column, at) => (
              <Column
                key={column.status}
                {...column}
                isTarget={drag?.over === column.status && drag.task.status !== column.status}
                count={shown.filter((task) => task.status === column.status).length}
                onCreate={onCreate}
              >
                {status === "loading"
                  ? Array.from({ length: BONES[at] ?? 2 }, (_, bone) => (
                      <li key={bone}>
                        <Skeleton height={76} />
                      </li>
                    ))
                  : shown
                      .filter((task) => task.status === column.status)
                      .map((task) => (
                        <TaskCard
                          key={task.id}
                          task={task}
                          isOpen={task.id === openTask}
                          isLifted={task.id === drag?.task.id}
                          onMove={onMove}
                          onPointerDown={onPointerDown}
                        />
                      ))}
                {status === "ready" && tasks.length === 0 && column.status === "todo" && (
                  <li className={styles.first}>
                    <StateMessage
                      icon="board"
                      title="No tasks yet"
                      detail="Write down the first thing that your team should do."
                      action={
                        <Button look="primary" onClick={() => onCreate("todo")}>
                          Create the first task
                        </Button>
                      }
                    />
                  </li>
                )}
              </Column>
            ))}
          </div>
        )}
        {status === "ready" && tasks.length > 0 && shown.length === 0 && (
          <div className={styles.nothing}>
            <StateMessage
              icon="search"
              title="No task matches"
              action={
                <Button onClick={() => setFilter({ text: "", assignee: "everyone" })}>
                  Clear the filter
                </Button>
              }
            />
          </div>
        )}
      </main>
      <Outlet />
      {drag !== null &&
        createPortal(
          <div className={styles.hand} style={{ left: drag.left, top: drag.top, width: drag.width }}>
            <CardGhost task={drag.task} />
          </div>,
          document.body,
        )}
    </div>
  );
}

interface ColumnProps {
  status: Status;
  name: string;
  count: number;
  isTarget: boolean;
  onCreate: (status: Status) => void;
  children: React.ReactNode;
}

function Column({ status, name, count, isTarget, onCreate, children }: ColumnProps) {
  const id = `column-${status}`;
  return (
    <section
      className={classNames(styles.column, isTarget && styles.target)}
      aria-labelledby={id}
      data-status={status}
    >
      <header className={styles.columnHead}>
        <StatusIcon status={status} />
        <h2 id={id}>{name}</h2>
        <span className={styles.count} aria-hidden="true">
          {count}
        </span>
        <Button look="quiet" square aria-label={`New task in ${name}`} onClick={() => onCreate(status)}>
          <Icon name="plus" size={14} />
        </Button>
      </header>
      <ul className={styles.cards} aria-labelledby={id}>
        {children}
      </ul>
    </section>
  );
}

/** Arrow keys go from card to card: up and down in a column, left and right to the nearest in the next one. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  if (!event.key.startsWith("Arrow") || event.shiftKey || event.altKey) return;
  const card = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-card]") : null;
  const column = card?.closest("[data-status]");
  if (!card || !column) return;
  const cardsOf = (element: Element) => [...element.querySelectorAll<HTMLElement>("[data-card]")];
  const at = cardsOf(column).indexOf(card);
  const sideways = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
  event.preventDefault();
  if (sideways === 0) {
    cardsOf(column)[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    return;
  }
  const columns = [...event.currentTarget.querySelectorAll("[data-status]")].filter(
    (other) => other === column || cardsOf(other).length > 0,
  );
  const next = columns[columns.indexOf(column) + sideways];
  if (next !== undefined) cardsOf(next)[Math.min(at, cardsOf(next).length - 1)]?.focus();
}
