import { useCallback } from "react";

import { useAnnounce } from "@/components/announcer";
import { Button } from "@/components/button";
import { Icon } from "@/components/icon";
import { useToast } from "@/components/toasts";
import { useMuting, type Word } from "@/realtime/use-muted-tasks";

/** Being told of a task, but for its assignment, is turned off and on for oneself alone. */
export function MuteButton({ taskId }: { taskId: string }) {
  const toast = useToast();
  const announce = useAnnounce();
  const say = useCallback(
    (word: Word) => {
      toast(word);
      announce(word.title);
    },
    [announce, toast],
  );
  const { isMuted, change } = useMuting(taskId, say);
  const about =
    isMuted === true ? "You are told only when it is assigned to you" : "Be told less of this task";
  return (
    <Button disabled={isMuted === null} title={about} onClick={() => change(isMuted !== true)}>
      <Icon name={isMuted === true ? "muted" : "bell"} size={14} />
      {isMuted === true ? "Muted" : "Mute"}
    </Button>
  );
}
