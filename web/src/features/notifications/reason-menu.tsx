import { useCallback, useState } from "react";
import { useNavigate } from "react-router";

import { useAnnounce } from "@/components/announcer";
import { Icon } from "@/components/icon";
import { Menu, type MenuItem } from "@/components/menu";
import { useToast } from "@/components/toasts";
import { kindOf } from "@/features/notifications/kinds";
import { useStopWatching } from "@/features/notifications/stop-watching";
import { WhyDialog } from "@/features/notifications/why-dialog";
import type { Notification } from "@/lib/contracts/frames.gen";
import { useMuting, type Word } from "@/realtime/use-muted-tasks";

import styles from "./reason-menu.module.css";

interface ReasonMenuProps {
  notification: Notification;
  /** The person goes to another page: what is open around the row has to close. */
  onLeave?: () => void;
}

/** What can be done about being told, beside what one is told: ask why, and have less of it. */
export function ReasonMenu({ notification, onLeave }: ReasonMenuProps) {
  const { message, task_id: taskId, type } = notification;
  const [isOpen, setOpen] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const navigate = useNavigate();
  const say = useWord();
  const { isMuted, change } = useMuting(isOpen ? taskId : null, say);
  const stopWatching = useStopWatching(say);

  const leave = () => {
    setAsking(false);
    onLeave?.();
  };
  const aboutTask: MenuItem[] =
    taskId === null
      ? []
      : [
          {
            key: "mute",
            label: isMuted === true ? "Unmute this task" : "Mute this task",
            leading: <Icon name={isMuted === true ? "bell" : "muted"} />,
            run: () => change(isMuted !== true),
          },
          {
            key: "watch",
            label: "Stop watching this task",
            leading: <Icon name="eye" />,
            run: () => void stopWatching(taskId),
          },
        ];
  const items: MenuItem[] = [
    {
      key: "why",
      label: "Why am I told?",
      leading: <Icon name="question" />,
      run: () => setAsking(true),
    },
    ...aboutTask,
    {
      key: "less",
      label: `Turn down ${kindOf(type).objects}…`,
      leading: <Icon name="sliders" />,
      run: () => {
        leave();
        void navigate(`/preferences#${type}`);
      },
    },
  ];
  return (
    <>
      <Menu label={`More: ${message}`} items={items} className={styles.more} onOpen={setOpen}>
        <Icon name="more" size={14} />
      </Menu>
      {isAsking && <WhyDialog notification={notification} onClose={() => setAsking(false)} onLeave={leave} />}
    </>
  );
}

function useWord(): (word: Word) => void {
  const toast = useToast();
  const announce = useAnnounce();
  return useCallback(
    (word: Word) => {
      toast(word);
      announce(word.title);
    },
    [announce, toast],
  );
}
