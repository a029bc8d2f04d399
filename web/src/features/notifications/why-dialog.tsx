import { useCallback, useEffect, useState } from "react";
import { Link } from "react-router";

import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { RelativeMoment } from "@/components/relative-moment";
import { Skeleton } from "@/components/skeleton";
import { StateMessage } from "@/components/state-message";
import { kindOf } from "@/features/notifications/kinds";
import { reasonSentences } from "@/features/notifications/reasons";
import { fetchWhy, type Why } from "@/features/notifications/why-api";
import { useApi } from "@/lib/api-context";
import type { Notification } from "@/lib/contracts/frames.gen";
import { happening, serviceName } from "@/lib/happenings";
import { explain } from "@/lib/problems";
import { exactTime } from "@/lib/relative-time";

import styles from "./why-dialog.module.css";

interface WhyDialogProps {
  notification: Notification;
  onClose: () => void;
  /** The person goes to the preferences. */
  onLeave: () => void;
}

/** Says which event a notification came from, and every reason why this person is told of it. */
export function WhyDialog({ notification, onClose, onLeave }: WhyDialogProps) {
  const { why, error, retry } = useWhy(notification.id);
  return (
    <Dialog title="Why am I told?" onClose={onClose}>
      <blockquote className={styles.message}>{notification.message}</blockquote>
      {error !== null ? (
        <StateMessage
          isProblem
          icon="offline"
          title="The reasons could not be loaded"
          detail={explain(error)}
          action={<Button onClick={retry}>Try again</Button>}
        />
      ) : why === null ? (
        <div className={styles.bones} aria-busy="true">
          <Skeleton height={18} width="60%" />
          <Skeleton height={18} width="80%" />
          <Skeleton height={18} width="40%" />
        </div>
      ) : (
        <Answer why={why} notification={notification} />
      )}
      <footer className={styles.foot}>
        <Link to={`/preferences#${notification.type}`} onClick={onLeave}>
          Change what you are told of
        </Link>
        <Button onClick={onClose}>Done</Button>
      </footer>
    </Dialog>
  );
}

function Answer({ why, notification }: { why: Why; notification: Notification }) {
  const { event, count } = why;
  const reasons = reasonSentences(why.reasons);
  // Of several, the event is the first, and the actor the last.
  const actor = count === 1 ? (notification.actor?.name ?? null) : null;
  return (
    <>
      <ul aria-label="Reasons" className={styles.reasons}>
        {reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
        {reasons.length === 0 && <li>The sender named you.</li>}
      </ul>
      <dl className={styles.facts}>
        <div>
          <dt>What happened</dt>
          <dd>{event === null ? whatWaited(count) : happening(event.type, actor)}</dd>
        </div>
        {count > 1 && event !== null && (
          <div>
            <dt>How often</dt>
            <dd>{`${count} times since you last read of it`}</dd>
          </div>
        )}
        {event !== null && (
          <>
            <div>
              <dt>{count === 1 ? "When" : "The first"}</dt>
              <dd>
                {exactTime(event.time)} (<RelativeMoment moment={event.time} />)
              </dd>
            </div>
            <div>
              <dt>Kind</dt>
              <dd>{kindOf(notification.type).name}</dd>
            </div>
            <div>
              <dt>Sent by</dt>
              <dd>{`the ${serviceName(event.source)} service`}</dd>
            </div>
            <div>
              <dt>{count === 1 ? "Event" : "Its event"}</dt>
              <dd className={styles.id}>{event.id}</dd>
            </div>
          </>
        )}
      </dl>
    </>
  );
}

function whatWaited(count: number): string {
  const waited = count === 1 ? "One update waited" : `${count} updates waited`;
  return `${waited}, as you asked for, and came together`;
}

function useWhy(id: string) {
  const { notifications } = useApi();
  const [answer, setAnswer] = useState<{ why: Why | null; error: unknown }>({ why: null, error: null });
  const load = useCallback(
    () =>
      fetchWhy(notifications, id).then(
        (why) => setAnswer({ why, error: null }),
        (error: unknown) => setAnswer({ why: null, error }),
      ),
    [notifications, id],
  );
  useEffect(() => void load(), [load]);
  const retry = () => {
    setAnswer({ why: null, error: null });
    void load();
  };
  return { ...answer, retry };
}
