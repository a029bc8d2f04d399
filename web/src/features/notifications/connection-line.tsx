import { useEffect, useState } from "react";

import { CLOSE_CODES } from "@/lib/contracts/close-codes.gen";
import type { Connection } from "@/realtime/feed";
import { useNotifications } from "@/realtime/use-notifications";

import styles from "./connection-line.module.css";

/** Trouble that is over sooner than this is nobody's concern. */
export const PATIENCE_MS = 4_000;

const WORDS: Record<Exclude<Connection, "live">, string> = {
  connecting: "Reconnecting…",
  offline: "You are offline. What you miss is fetched as soon as you are back.",
  polling: "Live updates are blocked on this network. Checking for news every 10 to 60 seconds.",
  refused: "Live updates are off in this window. Checking for news every 10 to 60 seconds.",
};
const TOO_MANY =
  "Taskify is open in too many windows, so this one is not live. Checking for news every 10 to 60 seconds.";

export function ConnectionLine() {
  const { connection, closedWith, retry } = useNotifications();
  const isTrouble = connection !== "live";
  const isLasting = useLasting(isTrouble);
  if (!isTrouble || !isLasting) return null;
  const isTooMany = closedWith !== null && nameOf(closedWith) === "TOO_MANY_CONNECTIONS";
  return (
    <div role="status" className={styles.line} data-connection={connection}>
      <i className={styles.dot} />
      <span>{connection === "refused" && isTooMany ? TOO_MANY : WORDS[connection]}</span>
      {connection !== "offline" && (
        <button type="button" onClick={retry}>
          Try now
        </button>
      )}
    </div>
  );
}

function nameOf(code: number): string | null {
  const codes: Record<string, { name: string } | undefined> = CLOSE_CODES;
  return codes[String(code)]?.name ?? null;
}

function useLasting(isTrouble: boolean): boolean {
  const [isLasting, setLasting] = useState(false);
  useEffect(() => {
    if (!isTrouble) return undefined;
    const timer = setTimeout(() => setLasting(true), PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      setLasting(false);
    };
  }, [isTrouble]);
  return isLasting;
}
