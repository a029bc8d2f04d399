import { useId, type ReactNode } from "react";

import styles from "./card.module.css";

interface CardProps {
  title: string;
  about?: string;
  /** At the end of the line of the title. */
  aside?: ReactNode;
  children: ReactNode;
}

/** A part of a page with a heading of its own. */
export function Card({ title, about, aside, children }: CardProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={styles.card}>
      <header className={styles.head}>
        <h2 id={id}>{title}</h2>
        {aside}
        {about !== undefined && <p>{about}</p>}
      </header>
      {children}
    </section>
  );
}
