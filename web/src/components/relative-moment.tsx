import { useNow } from "@/components/now";
import { exactTime, relativeTime } from "@/lib/relative-time";

export function RelativeMoment({ moment }: { moment: string }) {
  const now = useNow();
  return (
    <time dateTime={moment} title={exactTime(moment)}>
      {relativeTime(moment, now)}
    </time>
  );
}
