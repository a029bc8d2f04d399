import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { applyFrame, applySync, EMPTY_INBOX, isShown, KEPT_ITEMS, type Inbox } from "@/realtime/inbox";
import type { LogFrame } from "@/realtime/rows";
import { aNotification, FakeInboxServer } from "@/testing/fake-inbox-server";

function synced(server: FakeInboxServer): Inbox {
  return applySync(EMPTY_INBOX, server.sync(null));
}

function shown(inbox: Inbox) {
  return {
    items: Object.fromEntries(inbox.items),
    latestSeq: inbox.latestSeq,
    unreadCount: inbox.unreadCount,
  };
}

function held(server: FakeInboxServer) {
  return { items: Object.fromEntries(server.items), latestSeq: server.seq, unreadCount: server.unreadCount };
}

describe("a frame", () => {
  it("is applied when its number is the next one", () => {
    const server = new FakeInboxServer();
    const { inbox, outcome } = applyFrame(EMPTY_INBOX, server.add("a"));
    expect(outcome).toBe("applied");
    expect(shown(inbox)).toEqual(held(server));
  });

  it("is dropped when its number is known already", () => {
    const server = new FakeInboxServer();
    const frame = server.add("a");
    const inbox = synced(server);
    expect(applyFrame(inbox, frame)).toEqual({ inbox, outcome: "old" });
  });

  it("changes nothing when one before it is missing", () => {
    const server = new FakeInboxServer();
    server.add("a");
    const second = server.add("b");
    expect(applyFrame(EMPTY_INBOX, second)).toEqual({ inbox: EMPTY_INBOX, outcome: "gap" });
  });

  it("of reading up to a number leaves what changed after it unread", () => {
    const server = new FakeInboxServer();
    server.add("old");
    server.add("new");
    const before = synced(server);
    const { inbox } = applyFrame(before, server.readAll(1));
    expect(inbox.items.get("old")?.read_at).not.toBeNull();
    expect(inbox.items.get("new")?.read_at).toBeNull();
    expect(inbox.unreadCount).toBe(1);
  });

  it("counts what is not loaded as the server does", () => {
    const server = new FakeInboxServer();
    const frame = server.add("a");
    const payload = { ...frame.payload, unread_count: 4_000 };
    const { inbox } = applyFrame(EMPTY_INBOX, { ...frame, payload } as LogFrame);
    expect(inbox.unreadCount).toBe(4_000);
  });
});

describe("a sync", () => {
  it("that starts anew replaces everything, also what the server does not know", () => {
    const server = new FakeInboxServer();
    server.add("a");
    const stray = applySync(synced(server), {
      items: [aNotification({ id: "stray", seq: 9 })],
      removed_ids: [],
      latest_seq: 9,
      unread_count: 2,
      history_days: 30,
      reset: false,
    });
    expect(shown(applySync(stray, server.sync(null)))).toEqual(held(server));
  });

  it("from before what was applied since changes nothing", () => {
    const server = new FakeInboxServer();
    server.add("a");
    const old = { ...server.sync(null), reset: false };
    server.read(["a"]);
    const inbox = synced(server);
    expect(applySync(inbox, old)).toBe(inbox);
  });

  it("puts first what happened last, to the microsecond, and by id what happened at once", () => {
    const at = (id: string, updated_at: string) =>
      aNotification({ id, updated_at, created_at: "2030-01-01T10:00:00Z" });
    const items = [
      at("a", "2030-01-01T10:00:00Z"),
      at("d", "2030-01-01T11:00:00.000001Z"),
      at("c", "2030-01-01T11:00:00.0005Z"),
      at("b", "2030-01-01T10:00:00Z"),
    ];
    const inbox = applySync(EMPTY_INBOX, {
      items,
      removed_ids: [],
      latest_seq: 3,
      unread_count: 3,
      history_days: 30,
      reset: true,
    });
    expect([...inbox.items.keys()]).toEqual(["c", "d", "b", "a"]);
  });

  it("keeps a bounded number of items and the whole count", () => {
    const items = Array.from({ length: KEPT_ITEMS + 5 }, (_, at) =>
      aNotification({ id: String(at), updated_at: new Date(at * 1000).toISOString() }),
    );
    const head = { latest_seq: 1, unread_count: items.length, history_days: 30 };
    const result = { items, removed_ids: [], reset: true, ...head };
    const inbox = applySync(EMPTY_INBOX, result);
    expect(inbox.items.size).toBe(KEPT_ITEMS);
    expect(inbox.items.has("0")).toBe(false);
    expect(inbox.unreadCount).toBe(KEPT_ITEMS + 5);
  });
});

describe("a window that holds only a part of the inbox", () => {
  it("asks for a row that it does not hold when it becomes unread", () => {
    const server = new FakeInboxServer();
    server.add("old");
    server.read(["old"]);
    server.add("new");
    const all = server.sync(null);
    const part = { ...all, items: all.items.filter((item) => item.id === "new") };
    const inbox = applySync(EMPTY_INBOX, part);

    const applied = applyFrame(inbox, server.unread(["old"]));

    expect(applied).toEqual({ inbox, outcome: "gap" });
    expect(shown(applySync(inbox, server.sync(inbox.latestSeq)))).toEqual(held(server));
  });
});

describe("what is shown", () => {
  const created_at = "2030-01-01T10:00:00Z";
  const day = 86_400_000;
  const now = Date.parse(created_at) + 30 * day;

  it.each([
    ["what was read, until it is as old as the history", "2030-01-02T10:00:00Z", now - 1, true],
    ["nothing that was read and is older", "2030-01-02T10:00:00Z", now, false],
    ["what is unread, however old", null, now + 300 * day, true],
  ])("is %s", (_what, read_at, at, shown) => {
    expect(isShown(aNotification({ id: "a", created_at, read_at }), 30, at)).toBe(shown);
  });
});

const ids = fc.constantFrom("a", "b", "c", "d", "e");
const commands = fc.oneof(
  { weight: 3, arbitrary: ids.map((id) => (server: FakeInboxServer) => server.add(id)) },
  fc.array(ids).map((some) => (server: FakeInboxServer) => server.read(some)),
  fc.array(ids).map((some) => (server: FakeInboxServer) => server.unread(some)),
  fc.array(ids).map((some) => (server: FakeInboxServer) => server.remove(some)),
  fc.nat(5).map((back) => (server: FakeInboxServer) => server.readAll(Math.max(0, server.seq - back))),
);

describe("an inbox, whatever happens on the way", () => {
  it("equals the server's when all frames come in order", () => {
    fc.assert(
      fc.property(fc.array(commands), (run) => {
        const server = new FakeInboxServer();
        let inbox = EMPTY_INBOX;
        for (const command of run) {
          const applied = applyFrame(inbox, command(server));
          expect(applied.outcome).toBe("applied");
          inbox = applied.inbox;
        }
        expect(shown(inbox)).toEqual(held(server));
      }),
    );
  });

  it("equals the server's after a sync, however frames were lost, repeated and out of order", () => {
    fc.assert(
      fc.property(fc.array(commands), fc.array(fc.nat(60)), fc.nat(40), (run, deliveries, loadedAt) => {
        const server = new FakeInboxServer();
        let inbox = EMPTY_INBOX;
        run.forEach((command, at) => {
          command(server);
          if (at === loadedAt) inbox = synced(server);
        });
        for (const delivery of deliveries) {
          const frame = server.pushed[delivery];
          if (frame === undefined) continue;
          const { inbox: after, outcome } = applyFrame(inbox, frame);
          inbox = outcome === "gap" ? applySync(inbox, server.sync(inbox.latestSeq)) : after;
        }
        inbox = applySync(inbox, server.sync(inbox.latestSeq === 0 ? null : inbox.latestSeq));
        expect(shown(inbox)).toEqual(held(server));
      }),
    );
  });
});
