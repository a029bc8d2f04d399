import { useCallback, useEffect, useState } from "react";
import { Link } from "react-router";

import { Avatar } from "@/components/avatar";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Icon } from "@/components/icon";
import { RelativeMoment } from "@/components/relative-moment";
import { Skeleton } from "@/components/skeleton";
import { StateMessage } from "@/components/state-message";
import type { Task } from "@/features/tasks/api";
import { useTasks } from "@/features/tasks/tasks-context";
import { fetchWhyNot, preferencePath, verdict, type JudgedEvent } from "@/features/tasks/why-not";
import { useApi } from "@/lib/api-context";
import { happening } from "@/lib/happenings";
import type { Person } from "@/lib/person";
import { explain } from "@/lib/problems";
import { useNotifications } from "@/realtime/use-notifications";

import styles from "./why-not-dialog.module.css";

const BONES = 4;

/** What happened to a task lately, and for each what became of it for the person who asks. */
export function WhyNotDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const { events, error, retry } = useWhyNot(task.id);
  return (
    <Dialog title="Why was I not told?" onClose={onClose}>
      <p className={styles.lead}>What happened to ‘{task.title}’ lately, and what became of it for you.</p>
      {error !== null ? (
        <StateMessage
          isProblem
          icon="offline"
          title="This could not be loaded"
          detail={explain(error)}
          action={<Button onClick={retry}>Try again</Button>}
        />
      ) : events === null ? (
        <div className={styles.bones} aria-busy="true">
          {Array.from({ length: BONES }, (_, bone) => (
            <Skeleton key={bone} height={38} />
          ))}
        </div>
      ) : events.length === 0 ? (
        <StateMessage
          icon="clock"
          title="Nothing to be told of"
          detail="It has not been assigned or moved lately, and nobody has commented."
        />
      ) : (
        <ul aria-label="What happened" className={styles.list}>
          {events.map((judged) => (
            <Row key={`${judged.event.source} ${judged.event.id}`} judged={judged} onLeave={onClose} />
          ))}
        </ul>
      )}
    </Dialog>
  );
}

function Row({ judged, onLeave }: { judged: JudgedEvent; onLeave: () => void }) {
  const actor = useActor(judged.actor_id);
  const { words, help, icon } = verdict(judged);
  const { items } = useNotifications();
  const link = items.find(({ id }) => id === judged.notification_id)?.link ?? null;
  return (
    <li data-outcome={judged.outcome}>
      <Avatar person={actor.person} />
      <div className={styles.words}>
        <p className={styles.happening}>
          {happening(judged.event.type, actor.name)}
          <span className={styles.when}>
            {" · "}
            <RelativeMoment moment={judged.event.time} />
          </span>
        </p>
        <p className={styles.verdict}>
          <Icon name={icon} size={13} />
          {words}
        </p>
      </div>
      {help === "preferences" && (
        <Link to={preferencePath(judged)} className={styles.help} onClick={onLeave}>
          Preferences
        </Link>
      )}
      {help === "notification" && link !== null && (
        <Link to={link} className={styles.help} onClick={onLeave}>
          Show
        </Link>
      )}
    </li>
  );
}

/** Who did it, as far as this page knows them; an erased person has no id any more. */
function useActor(id: string | null): { name: string; person: Person } {
  const { people } = useTasks();
  const { me } = useApi();
  if (id === me.id) return { name: "You", person: me };
  const known = people.find((one) => one.id === id);
  const name = id === null ? "A former member" : (known?.name ?? "Somebody");
  return { name, person: known ?? { id, name } };
}

function useWhyNot(taskId: string) {
  const { notifications } = useApi();
  const [answer, setAnswer] = useState<{ events: readonly JudgedEvent[] | null; error: unknown }>({
    events: null,
    error: null,
  });
  const load = useCallback(
    () =>
      fetchWhyNot(notifications, taskId).then(
        (events) => setAnswer({ events, error: null }),
        (error: unknown) => setAnswer({ events: null, error }),
      ),
    [notifications, taskId],
  );
  useEffect(() => void load(), [load]);
  const retry = () => {
    setAnswer({ events: null, error: null });
    void load();
  };
  return { ...answer, retry };
}
