const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How far the clocks of a zone are ahead of UTC at a moment, in milliseconds. */
function offsetAt(moment: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(moment);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((one) => one.type === type)?.value);
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return local - Math.floor(moment / 1000) * 1000;
}

/** The moment at which a clock shows `local` (as if it were UTC): the first of two; where none is, as much later as it skips. */
function momentOf(local: number, zone: string): number {
  const before = offsetAt(local - DAY, zone);
  const after = offsetAt(local + DAY, zone);
  if (offsetAt(local - before, zone) === before) return local - before;
  return offsetAt(local - after, zone) === after ? local - after : local - before;
}

/** When the next hourly digest comes: on the hour of the person's clock. The server decides by the same rule. */
export function nextHourly(now: number, zone: string): number {
  const local = now + offsetAt(now, zone);
  return now + HOUR - (((local % HOUR) + HOUR) % HOUR);
}

/** When the next daily digest comes: at `dailyAt` ("09:00") of the person's clock. */
export function nextDaily(now: number, zone: string, dailyAt: string): number {
  const [hours = 0, minutes = 0] = dailyAt.split(":").map(Number);
  const local = now + offsetAt(now, zone);
  const today = Math.floor(local / DAY) * DAY + hours * HOUR + minutes * MINUTE;
  for (let day = 0; day < 3; day += 1) {
    const due = momentOf(today + day * DAY, zone);
    if (due > now) return due;
  }
  throw new RangeError(`no day has the time ${dailyAt}`);
}

/** "today at 3:00 PM" or "tomorrow at 9:00 AM", by the clock of a zone; further off with the weekday. */
export function sayMoment(moment: number, now: number, zone: string): string {
  const dayOf = (at: number) => Math.floor((at + offsetAt(at, zone)) / DAY);
  // As this device writes times, which is how the field beside it shows them.
  const time = new Intl.DateTimeFormat(undefined, { timeZone: zone, timeStyle: "short" }).format(moment);
  const days = dayOf(moment) - dayOf(now);
  if (days === 0) return `today at ${time}`;
  if (days === 1) return `tomorrow at ${time}`;
  const weekday = new Intl.DateTimeFormat("en", { timeZone: zone, weekday: "long" }).format(moment);
  return `on ${weekday} at ${time}`;
}
