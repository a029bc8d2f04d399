import { useCallback, useEffect, useRef, useState } from "react";
import { useLocation } from "react-router";

import { useAnnounce } from "@/components/announcer";
import { Button } from "@/components/button";
import { Card } from "@/components/card";
import { Icon } from "@/components/icon";
import { Skeleton } from "@/components/skeleton";
import { StateMessage } from "@/components/state-message";
import { useToast } from "@/components/toasts";
import { DigestSettings } from "@/features/notifications/digest-settings";
import { FREQUENCIES, FrequencyChoice } from "@/features/notifications/frequency-choice";
import { kindOf } from "@/features/notifications/kinds";
import type { Choice, PreferencesEvent } from "@/features/notifications/preferences-store";
import { placeOf } from "@/features/notifications/time-zones";
import { usePreferences } from "@/features/notifications/use-preferences";
import { explain } from "@/lib/problems";
import { useNotifications } from "@/realtime/use-notifications";

import styles from "./notification-preferences.module.css";

const SAVED_MS = 3_000;
const BONES = 3;

/** How often one is told of each type, and when digests come; each choice is saved as it is made. */
export function NotificationPreferences() {
  const [savedAt, setSavedAt] = useState<number | null>(null);
  const onEvent = useEvents(setSavedAt);
  const { status, error, shown, isSaving, store } = usePreferences(onEvent);
  const { connection } = useNotifications();
  const meant = useMeant(status === "ready");

  useEffect(() => {
    if (savedAt === null) return undefined;
    const timer = setTimeout(() => setSavedAt(null), SAVED_MS);
    return () => clearTimeout(timer);
  }, [savedAt]);

  const choose = (choice: Choice) => store.choose(choice);
  return (
    <Card
      title="What you are told of"
      aside={
        <span aria-hidden="true" className={styles.saved}>
          {isSaving ? "Saving…" : savedAt !== null && <SavedSign />}
        </span>
      }
      about="Instantly, as it happens; or in a digest, one notification on the hour or once a day that holds all that waited for it. What is off is not told."
    >
      {connection === "offline" && (
        <p className={styles.offline}>
          <Icon name="offline" size={14} /> You are offline: what you choose cannot be saved until you are
          back.
        </p>
      )}
      {status === "loading" && (
        <div className={styles.bones} aria-busy="true">
          {Array.from({ length: BONES }, (_, bone) => (
            <Skeleton key={bone} height={40} />
          ))}
        </div>
      )}
      {status === "failed" && (
        <StateMessage
          isProblem
          icon="offline"
          title="Your preferences could not be loaded"
          detail={explain(error)}
          action={<Button onClick={() => void store.load()}>Try again</Button>}
        />
      )}
      {status === "ready" && (
        <>
          <div className={styles.types}>
            {Object.entries(shown.types).map(([type, frequency]) => (
              <FrequencyChoice
                key={type}
                type={type}
                frequency={frequency}
                isMeant={type === meant}
                onChoose={(wanted) => choose({ kind: "frequency", type, frequency: wanted })}
              />
            ))}
          </div>
          <DigestSettings preferences={shown} onChoose={choose} />
        </>
      )}
    </Card>
  );
}

function SavedSign() {
  return (
    <>
      <Icon name="check" size={14} /> Saved
    </>
  );
}

/** A choice in words: what is said when it is saved, or not. */
function inWords(choice: Choice): string {
  switch (choice.kind) {
    case "frequency": {
      const name = FREQUENCIES.find(({ frequency }) => frequency === choice.frequency)?.name ?? "";
      return `${kindOf(choice.type).name}: ${name}`;
    }
    case "timezone":
      return `Time zone: ${placeOf(choice.timezone)}`;
    case "daily_at":
      return `Daily digest at ${choice.dailyAt}`;
  }
}

function useEvents(onSaved: (at: number) => void): (event: PreferencesEvent) => void {
  const toast = useToast();
  const announce = useAnnounce();
  return useCallback(
    (event: PreferencesEvent) => {
      const words = event.choices.map(inWords).at(-1) ?? "";
      if (event.kind === "saved") {
        onSaved(Date.now());
        announce(`Saved. ${words}`);
        return;
      }
      toast({ title: `Not saved: ${words}`, detail: explain(event.error), look: "problem" });
      announce(`Not saved: ${words}`);
    },
    [announce, onSaved, toast],
  );
}

/** The type that the address names: it is brought into view, and has the focus. */
function useMeant(isReady: boolean): string | null {
  const { hash, key } = useLocation();
  const meant = hash.slice(1);
  const done = useRef<string | null>(null);
  useEffect(() => {
    if (!isReady || meant === "" || done.current === key) return;
    const row = document.getElementById(meant);
    if (row === null) return;
    done.current = key;
    row.scrollIntoView({ block: "center" });
    row.querySelector<HTMLElement>("input:checked, input")?.focus({ preventScroll: true });
  }, [isReady, key, meant]);
  return meant === "" ? null : meant;
}
