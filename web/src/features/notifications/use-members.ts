import { useEffect, useState } from "react";

import type { Notification } from "@/lib/contracts/frames.gen";
import type { Member } from "@/realtime/api";
import { useNotifications } from "@/realtime/use-notifications";

/** So many at first, and so many more at each press. */
export const MEMBERS_STEP = 20;
const LARGEST_PAGE = 100;

export interface Members {
  items: readonly Member[];
  phase: "loading" | "failed" | "ready";
  hasMore: boolean;
  showMore: () => void;
  retry: () => void;
}

interface Answer {
  to: string;
  items: readonly Member[];
  hasMore: boolean;
  hasFailed: boolean;
}

/** The events that a row stands for, newest first; asked for again whenever the row has changed. */
export function useMembers({ id, seq }: Notification): Members {
  const { members } = useNotifications();
  const [wanted, setWanted] = useState(MEMBERS_STEP);
  const [attempt, setAttempt] = useState(0);
  const [answer, setAnswer] = useState<Answer>({ to: "", items: [], hasMore: false, hasFailed: false });
  const question = `${seq} ${wanted} ${attempt}`;

  useEffect(() => {
    let isWanted = true;
    const ask = async () => {
      const items: Member[] = [];
      let cursor: string | null = null;
      do {
        const page = await members(id, cursor, Math.min(LARGEST_PAGE, wanted - items.length));
        items.push(...page.items);
        cursor = page.next;
      } while (cursor !== null && items.length < wanted);
      return { items, hasMore: cursor !== null };
    };
    ask().then(
      (found) => {
        if (isWanted) setAnswer({ ...found, to: question, hasFailed: false });
      },
      () => {
        if (isWanted) setAnswer((before) => ({ ...before, to: question, hasFailed: true }));
      },
    );
    return () => {
      isWanted = false;
    };
  }, [id, members, question, wanted]);

  return {
    items: answer.items,
    phase: answer.to !== question ? "loading" : answer.hasFailed ? "failed" : "ready",
    hasMore: answer.hasMore,
    showMore: () => setWanted(wanted + MEMBERS_STEP),
    retry: () => setAttempt(attempt + 1),
  };
}
