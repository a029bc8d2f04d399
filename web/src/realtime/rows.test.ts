import { describe, expect, it } from "vitest";

import type { Unread } from "@/lib/contracts/frames.gen";
import { afterFrame, withRow, without } from "@/realtime/rows";
import { aNotification } from "@/testing/fake-inbox-server";

const READ_AT = "2030-01-01T13:00:00Z";
const ahead = aNotification({ id: "a", seq: 7, read_at: READ_AT });
const rows = new Map([["a", ahead]]);

describe("a row that is ahead of the log, as a page can bring it", () => {
  it("is not overridden by what it was before", () => {
    const known = new Map(rows);
    withRow(known, aNotification({ id: "a", seq: 6 }));
    expect(known.get("a")).toBe(ahead);
    const next = aNotification({ id: "a", seq: 8 });
    withRow(known, next);
    expect(known.get("a")).toBe(next);
  });

  it("is not changed by an entry that it has behind it", () => {
    const unread = (seq: number): Unread => ({
      type: "UNREAD",
      payload: { seq, ids: ["a"], unread_count: 1 },
    });
    expect(afterFrame(rows, unread(6)).get("a")).toEqual(ahead);
    expect(afterFrame(rows, unread(8)).get("a")).toMatchObject({ seq: 8, read_at: null });
  });

  it("is not removed by an entry that it has behind it", () => {
    expect(without(rows, ["a"], 6).has("a")).toBe(true);
    expect(without(rows, ["a"], 8).has("a")).toBe(false);
  });
});
