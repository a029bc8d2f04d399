import { useId } from "react";

import { Icon } from "@/components/icon";
import { kindOf } from "@/features/notifications/kinds";
import type { Frequency } from "@/features/notifications/preferences-store";
import { classNames } from "@/lib/class-names";

import styles from "./frequency-choice.module.css";

export const FREQUENCIES: readonly { frequency: Frequency; name: string }[] = [
  { frequency: "instant", name: "Instant" },
  { frequency: "hourly", name: "Hourly" },
  { frequency: "daily", name: "Daily" },
  { frequency: "off", name: "Off" },
];

interface FrequencyChoiceProps {
  type: string;
  frequency: Frequency;
  /** Somebody came here for this one. */
  isMeant: boolean;
  onChoose: (frequency: Frequency) => void;
}

/** One type of notification, and how often one is told of it. */
export function FrequencyChoice({ type, frequency, isMeant, onChoose }: FrequencyChoiceProps) {
  const kind = kindOf(type);
  const id = useId();
  return (
    <div className={classNames(styles.row, isMeant && styles.meant)} id={type}>
      <span className={styles.icon}>
        <Icon name={kind.icon} />
      </span>
      <div className={styles.words}>
        <p id={`${id}-name`} className={styles.name}>
          {kind.name}
        </p>
        <p id={`${id}-about`} className={styles.about}>
          {kind.about}
        </p>
      </div>
      <div
        role="radiogroup"
        aria-labelledby={`${id}-name`}
        aria-describedby={`${id}-about`}
        className={styles.choices}
      >
        {FREQUENCIES.map((one) => (
          <label key={one.frequency} className={styles.choice}>
            <input
              type="radio"
              name={id}
              value={one.frequency}
              checked={frequency === one.frequency}
              onChange={() => onChoose(one.frequency)}
            />
            <span>{one.name}</span>
          </label>
        ))}
      </div>
    </div>
  );
}
