import { useEffect, useRef } from "react";
import { Link } from "react-router";

import { MutedList } from "@/features/notifications/muted-list";
import { NotificationPreferences } from "@/features/notifications/notification-preferences";
import { DataCard } from "@/features/privacy/data-card";
import { AccountForms } from "@/features/session/account-forms";

import styles from "./preferences-page.module.css";

/** What a person decides for themselves. */
export default function PreferencesPage() {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // An address that names one choice gives the focus to that.
    if (window.location.hash === "") heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <main aria-label="Preferences" className={styles.page}>
      <div className={styles.column}>
        <header className={styles.head}>
          <Link to="/">Board</Link>
          <h1 ref={heading} tabIndex={-1}>
            Preferences
          </h1>
        </header>
        <NotificationPreferences />
        <MutedList />
        <AccountForms />
        <DataCard />
      </div>
    </main>
  );
}
