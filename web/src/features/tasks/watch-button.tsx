import { useState, type ReactNode } from "react";

import { Avatar } from "@/components/avatar";
import { Button } from "@/components/button";
import { Icon } from "@/components/icon";
import { useToast } from "@/components/toasts";
import type { Watcher } from "@/features/tasks/api";
import { useTasks } from "@/features/tasks/tasks-context";
import { useApi } from "@/lib/api-context";
import { explain } from "@/lib/problems";

import styles from "./watch-button.module.css";

const REASONS: Record<Watcher["reason"], string> = {
  created: "created it",
  assigned: "is or was assigned",
  commented: "commented",
  manual: "watches by choice",
};
const SHOWN = 6;

interface WatchButtonProps {
  taskId: string;
  watchers: readonly Watcher[];
  /** Whether one watches is not known yet. */
  isLoading: boolean;
  onChanged: () => Promise<void>;
  /** What stands between the button and those who watch. */
  children?: ReactNode;
}

export function WatchButton({ taskId, watchers, isLoading, onChanged, children }: WatchButtonProps) {
  const { api } = useTasks();
  const { me } = useApi();
  const toast = useToast();
  const isWatched = watchers.some(({ id }) => id === me.id);
  const [wanted, setWanted] = useState<boolean | null>(null);
  const shown = wanted ?? isWatched;

  const toggle = async () => {
    setWanted(!shown);
    try {
      await api.watch(taskId, !shown);
      await onChanged();
    } catch (error) {
      toast({ title: "Watching was not changed", detail: explain(error), look: "problem" });
    }
    setWanted(null);
  };

  return (
    <div className={styles.watch}>
      <Button disabled={isLoading || wanted !== null} onClick={() => void toggle()}>
        <Icon name="eye" size={14} />
        {shown ? "Watching" : "Watch"}
      </Button>
      {children}
      <ul className={styles.watchers} aria-label="Watchers">
        {watchers.slice(0, SHOWN).map((watcher) => (
          <li key={watcher.id} title={`${watcher.name} ${REASONS[watcher.reason]}`}>
            <Avatar person={watcher} size="small" />
            <span className={styles.name}>{`${watcher.name}: ${REASONS[watcher.reason]}`}</span>
          </li>
        ))}
        {watchers.length > SHOWN && <li className={styles.more}>+{watchers.length - SHOWN}</li>}
      </ul>
    </div>
  );
}
