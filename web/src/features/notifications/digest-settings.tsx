import { memo, useCallback, useEffect, useId, useState } from "react";

import { Button } from "@/components/button";
import { Icon } from "@/components/icon";
import { useNow } from "@/components/now";
import { nextDaily, nextHourly, sayMoment } from "@/features/notifications/digest-times";
import type { Choice, Preferences } from "@/features/notifications/preferences-store";
import { placeOf, zoneGroups, zoneHere, zoneToOffer } from "@/features/notifications/time-zones";

import styles from "./digest-settings.module.css";

interface DigestSettingsProps {
  preferences: Preferences;
  onChoose: (choice: Choice) => void;
}

/** When digests come: the time of day, and by whose clocks. */
export function DigestSettings({ preferences, onChoose }: DigestSettingsProps) {
  const { timezone } = preferences;
  const now = useNow();
  const id = useId();
  const offered = zoneToOffer(timezone, zoneHere());
  const choose = (zone: string) => onChoose({ kind: "timezone", timezone: zone });
  return (
    <div className={styles.settings} id="digest">
      <p className={styles.next}>
        <Icon name="clock" size={14} />
        <span>{whenNext(preferences, now)}</span>
      </p>
      {offered !== null && (
        <p className={styles.offer}>
          <span>{`Times are in ${timezone}, and your device is in ${placeOf(offered)}.`}</span>
          <Button onClick={() => choose(offered)}>{`Use ${placeOf(offered)} time`}</Button>
        </p>
      )}
      <div className={styles.fields}>
        <DailyTime
          dailyAt={preferences.daily_at}
          onChange={(dailyAt) => onChoose({ kind: "daily_at", dailyAt })}
        />
        <div className={styles.field}>
          <label htmlFor={`${id}-zone`}>Time zone</label>
          <select id={`${id}-zone`} value={timezone} onChange={({ target }) => choose(target.value)}>
            <ZoneOptions stored={timezone} />
          </select>
        </div>
      </div>
    </div>
  );
}

/** Some four hundred, which are not drawn again for each choice. */
const ZoneOptions = memo(function ZoneOptions({ stored }: { stored: string }) {
  return zoneGroups(Intl.supportedValuesOf("timeZone"), stored).map(({ name, zones }) => (
    <optgroup key={name} label={name}>
      {zones.map(({ zone, label }) => (
        <option key={zone} value={zone}>
          {label}
        </option>
      ))}
    </optgroup>
  ));
});

/** Typed digit by digit, so it is chosen after a pause, by Enter, or when the focus goes on. */
export const PAUSE_MS = 1_500;

function DailyTime({ dailyAt, onChange }: { dailyAt: string; onChange: (dailyAt: string) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const id = useId();
  const finish = useCallback(() => {
    setTyped(null);
    if (typed !== null && typed !== "" && typed !== dailyAt) onChange(typed);
  }, [dailyAt, onChange, typed]);
  useEffect(() => {
    if (typed === null || typed === "") return undefined;
    const timer = setTimeout(finish, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [finish, typed]);
  return (
    <div className={styles.field}>
      <label htmlFor={id}>Daily digest at</label>
      <input
        id={id}
        type="time"
        required
        value={typed ?? dailyAt}
        onChange={({ target }) => setTyped(target.value)}
        onBlur={finish}
        onKeyDown={(event) => {
          if (event.key === "Enter") finish();
        }}
      />
    </div>
  );
}

/** When the next digest comes, of those that the person has chosen. */
export function whenNext({ timezone, daily_at, types }: Preferences, now: number): string {
  const chosen = new Set(Object.values(types));
  const say = (moment: number) => sayMoment(moment, now, timezone);
  const hourly = chosen.has("hourly") ? say(nextHourly(now, timezone)) : null;
  const daily = chosen.has("daily") ? say(nextDaily(now, timezone, daily_at)) : null;
  if (hourly === null && daily === null) return "You have no digest: nothing above is hourly or daily.";
  if (hourly === null) return `The next daily digest comes ${daily}, if anything waits.`;
  const also = daily === null ? "" : `, the next daily one ${daily}`;
  return `The next hourly digest comes ${hourly}${also}, if anything waits.`;
}
