import { describe, expect, it } from "vitest";

import { applySync, EMPTY_INBOX, type Inbox } from "@/realtime/inbox";
import { isSettled, overlay, type Mark } from "@/realtime/marks";
import { FakeInboxServer } from "@/testing/fake-inbox-server";

const NOW = "2030-01-01T12:00:00Z";

/** Three unread rows, numbered 1 to 3; `beyond` more are unread and not loaded. */
function anInbox(beyond = 0): Inbox {
  const server = new FakeInboxServer();
  for (const id of ["a", "b", "c"]) server.add(id);
  const inbox = applySync(EMPTY_INBOX, server.sync(null));
  return { ...inbox, unreadCount: inbox.unreadCount + beyond };
}

function unread(inbox: Inbox, ...marks: Mark[]) {
  const { items, unreadCount } = overlay(inbox, marks, NOW);
  return { ids: items.filter(({ read_at }) => read_at === null).map(({ id }) => id), unreadCount };
}

describe("marks over an inbox", () => {
  it("of one row read it as it was seen, and leave it when it has changed since", () => {
    expect(unread(anInbox(), { kind: "read", id: "b", seq: 2 })).toEqual({ ids: ["c", "a"], unreadCount: 2 });
    expect(unread(anInbox(), { kind: "read", id: "b", seq: 1 }).unreadCount).toBe(3);
  });

  it("of all read also what is not loaded, but nothing newer", () => {
    expect(unread(anInbox(40), { kind: "all", upToSeq: 2 })).toEqual({ ids: ["c"], unreadCount: 1 });
  });

  it("count no row twice, and are applied in the order they were made", () => {
    const read: Mark = { kind: "read", id: "a", seq: 1 };
    expect(unread(anInbox(), read, read).unreadCount).toBe(2);
    expect(unread(anInbox(), read, { kind: "unread", ids: ["a"] }).unreadCount).toBe(3);
    expect(unread(anInbox(), { kind: "unread", ids: ["a"] }, read).unreadCount).toBe(2);
  });

  it("of a row that is gone change nothing", () => {
    expect(unread(anInbox(), { kind: "read", id: "gone", seq: 9 }).unreadCount).toBe(3);
  });
});

describe("a mark is settled", () => {
  it.each<[Mark, boolean]>([
    [{ kind: "read", id: "a", seq: 1 }, false],
    [{ kind: "read", id: "c", seq: 1 }, true],
    [{ kind: "read", id: "gone", seq: 1 }, true],
    [{ kind: "unread", ids: ["a"] }, true],
    [{ kind: "all", upToSeq: 0 }, true],
    [{ kind: "all", upToSeq: 2 }, false],
  ])("%o: %s", (mark, settled) => {
    expect(isSettled(anInbox(), mark)).toBe(settled);
  });

  it("not while the server counts more unread than are newer", () => {
    expect(isSettled(anInbox(1), { kind: "all", upToSeq: 0 })).toBe(false);
  });
});
