import { Icon } from "@/components/icon";
import { classNames } from "@/lib/class-names";
import { hue, initials, type Person } from "@/lib/person";

import styles from "./avatar.module.css";

type Size = "small" | "medium" | "large";

/** A person's initials on their colour; the name stands beside it, or in `title` where there is no room. */
export function Avatar({ person, size = "medium" }: { person: Person | null; size?: Size }) {
  if (person === null) {
    return (
      <span aria-hidden="true" className={classNames(styles.avatar, styles[size], styles.nobody)}>
        <Icon name="person" size={size === "small" ? 10 : 13} />
      </span>
    );
  }
  const colour = styles[`hue${hue(person)}`];
  return (
    <span
      aria-hidden="true"
      title={person.name}
      className={classNames(styles.avatar, styles[size], colour)}
      data-initials={initials(person.name)}
    />
  );
}
