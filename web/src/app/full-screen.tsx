import type { ReactNode } from "react";

import { Logo } from "@/components/logo";
import { VisuallyHidden } from "@/components/visually-hidden";

import styles from "./full-screen.module.css";

/** The whole window while there is no app to show: a sign of life, or what went wrong. */
export function FullScreen({ children }: { children?: ReactNode }) {
  return (
    <main className={styles.screen}>
      <VisuallyHidden>
        <h1>Taskify</h1>
      </VisuallyHidden>
      {children ?? (
        <div className={styles.waiting} role="status">
          <Logo size={36} />
          <VisuallyHidden>Loading Taskify…</VisuallyHidden>
        </div>
      )}
    </main>
  );
}
