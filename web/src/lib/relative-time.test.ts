import { describe, expect, it } from "vitest";

import { relativeTime } from "@/lib/relative-time";

const now = new Date(2030, 5, 15, 12, 0, 0).getTime();
const before = (ms: number) => new Date(now - ms).toISOString();
const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000] as const;

describe("relative time", () => {
  it.each([
    [0, "just now"],
    [-30 * SECOND, "just now"],
    [59 * SECOND, "just now"],
    [MINUTE, "1m ago"],
    [59 * MINUTE + 59 * SECOND, "59m ago"],
    [HOUR, "1h ago"],
    [23 * HOUR + 59 * MINUTE, "23h ago"],
    [DAY, "yesterday"],
    [2 * DAY, "2d ago"],
    [7 * DAY - 1, "6d ago"],
    [10 * DAY, "Jun 5"],
    [200 * DAY, "Nov 27, 2029"],
  ])("%i ms before is said as %s", (passed, words) => {
    expect(relativeTime(before(passed), now)).toBe(words);
  });
});
