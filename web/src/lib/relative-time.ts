const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const sameYear = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const otherYear = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" });

/** How long ago, as people say it; what lies a little in the future (clocks differ) is "just now". */
export function relativeTime(moment: string, now: number): string {
  const then = new Date(moment);
  const passed = now - then.getTime();
  if (passed < MINUTE) return "just now";
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)}m ago`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)}h ago`;
  if (passed < 2 * DAY) return "yesterday";
  if (passed < 7 * DAY) return `${Math.floor(passed / DAY)}d ago`;
  const format = then.getFullYear() === new Date(now).getFullYear() ? sameYear : otherYear;
  return format.format(then);
}

export function exactTime(moment: string): string {
  return exact.format(new Date(moment));
}
