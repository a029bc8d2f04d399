import { lazy, Suspense } from "react";

import { Button } from "@/components/button";
import { StateMessage } from "@/components/state-message";

import styles from "./preferences-page.module.css";

/** A part of the page of its own, fetched when somebody comes here: most visits never need it. */
const PreferencesPage = lazy(() => import("@/app/preferences-page").catch(() => ({ default: NotThere })));

export function PreferencesRoute() {
  return (
    <Suspense fallback={<main aria-label="Preferences" aria-busy="true" className={styles.waiting} />}>
      <PreferencesPage />
    </Suspense>
  );
}

/** Offline, or a new version has replaced the files that this window knows of. */
function NotThere() {
  return (
    <main aria-label="Preferences" className={styles.page}>
      <StateMessage
        isProblem
        icon="offline"
        title="The preferences could not be fetched"
        detail="The network is away, or Taskify has been renewed since this page was loaded."
        action={<Button onClick={() => window.location.reload()}>Load again</Button>}
      />
    </main>
  );
}
