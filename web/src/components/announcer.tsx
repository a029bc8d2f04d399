import { createContext, useCallback, useContext, useEffect, useRef, useState, type ReactNode } from "react";

import { VisuallyHidden } from "@/components/visually-hidden";

type Announce = (message: string) => void;

const AnnounceContext = createContext<Announce>(() => undefined);

/** At most one announcement in this time: who listens is not to be talked over. */
export const ANNOUNCEMENT_MS = 3_000;

/** The one polite live region; several messages that come together are said as one. */
export function AnnouncerProvider({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState("");
  const waiting = useRef<string[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);

  const announce = useCallback((message: string) => {
    const speak = () => {
      const messages = waiting.current;
      waiting.current = [];
      timer.current = messages.length === 0 ? null : setTimeout(speak, ANNOUNCEMENT_MS);
      if (messages.length === 0) return;
      const newest = messages.at(-1) ?? "";
      setSaid(messages.length === 1 ? newest : `${messages.length} new messages. The newest: ${newest}`);
    };
    waiting.current.push(message);
    timer.current ??= setTimeout(speak, 50);
  }, []);

  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
    },
    [],
  );

  return (
    <AnnounceContext value={announce}>
      {children}
      <VisuallyHidden>
        <span role="status" aria-live="polite" aria-label="Announcements">
          {said}
        </span>
      </VisuallyHidden>
    </AnnounceContext>
  );
}

export function useAnnounce(): Announce {
  return useContext(AnnounceContext);
}
