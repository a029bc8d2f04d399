import { Avatar } from "@/components/avatar";

import styles from "./scene.module.css";

const SAMPLES = [
  { who: "John Okafor", did: "assigned you", what: "Fix login bug", when: "just now", isNew: true },
  {
    who: "Mina Park",
    did: "moved",
    what: "Draft the release notes",
    to: "In review",
    when: "4m ago",
    isNew: true,
  },
  { who: "Ann Miller", did: "commented on", what: "Plan the May offsite", when: "1h ago", isNew: false },
];

/** What Taskify is about, as a picture beside the door; it says nothing that the page does not say elsewhere. */
export function Scene() {
  return (
    <div className={styles.scene} aria-hidden="true">
      <div className={styles.stack}>
        {SAMPLES.map(({ who, did, what, to, when, isNew }) => (
          <div key={who} className={styles.card}>
            <Avatar person={{ id: null, name: who }} size="large" />
            <div>
              <p>
                <b>{who}</b> {did} <b>{what}</b>
                {to !== undefined && ` to ${to}`}
              </p>
              <span>{when}</span>
            </div>
            {isNew && <i />}
          </div>
        ))}
      </div>
      <p className={styles.line}>Know it the moment it happens. Miss nothing while you are away.</p>
    </div>
  );
}
