import { beforeEach, describe, expect, it } from "vitest";

import { UnreachableError } from "@/lib/problems";
import { BLOCKED_MS, ECHO_MS, FIRST_LOAD_MS, NotificationFeed, type FeedEvent } from "@/realtime/feed";
import type { Page } from "@/realtime/listing";
import type { Mark } from "@/realtime/marks";
import type { Occasion } from "@/realtime/surroundings";
import { FakeClock, settle } from "@/testing/fake-clock";
import { FakeGateway } from "@/testing/fake-gateway";
import { FakeInboxServer } from "@/testing/fake-inbox-server";

let clock: FakeClock;
let gateway: FakeGateway;
let server: FakeInboxServer;
let events: FeedEvent[];
let marks: Mark[];
let syncs: number;
let answerMark: (mark: Mark) => Promise<void>;
let answerPage: (page: () => Page) => Promise<Page>;
let isOnline: boolean;
let isServerUp: boolean;
let happen: (occasion: Occasion) => void;
let feed: NotificationFeed;

beforeEach(() => {
  clock = new FakeClock();
  gateway = new FakeGateway();
  server = new FakeInboxServer();
  events = [];
  marks = [];
  syncs = 0;
  isOnline = true;
  isServerUp = true;
  answerMark = () => Promise.resolve();
  answerPage = (page) => Promise.resolve(page());
  feed = new NotificationFeed({
    api: {
      sync: (afterSeq) => {
        syncs += 1;
        return isOnline && isServerUp
          ? Promise.resolve(server.sync(afterSeq))
          : Promise.reject(new UnreachableError());
      },
      mark: (mark) => {
        marks.push(mark);
        return answerMark(mark);
      },
      history: (cursor) => answerPage(() => server.page(cursor, 2)),
      unread: (cursor) => answerPage(() => server.page(cursor, 2, { isUnread: true })),
      members: () => Promise.reject(new UnreachableError()),
    },
    socketUrl: "ws://gateway/ws",
    openSocket: gateway.open,
    token: () => Promise.resolve({ value: "token", expiresAt: clock.now() + 900_000 }),
    clock,
    random: () => 0.5,
    surroundings: {
      isOnline: () => isOnline,
      watch: (listener) => {
        happen = listener;
        return () => undefined;
      },
    },
  });
  feed.onEvent((event) => events.push(event));
});

async function goLive() {
  feed.start();
  await settle();
  await reconnect();
}

async function reconnect() {
  gateway.last.open();
  gateway.last.ready({ heartbeatSeconds: 3600 });
  await settle();
}

const unread = () =>
  feed
    .state()
    .items.filter(({ read_at }) => read_at === null)
    .map(({ id }) => id);

describe("the first load", () => {
  it("comes after READY, with the server's count and no event", async () => {
    server.add("a");
    server.add("b");
    feed.start();
    await settle();
    expect(syncs).toBe(0);
    await reconnect();
    expect(feed.state()).toMatchObject({ status: "ready", connection: "live", unreadCount: 2 });
    expect(events).toEqual([]);
  });

  it("does not wait long for a socket", async () => {
    server.add("a");
    feed.start();
    await clock.pass(FIRST_LOAD_MS);
    expect(feed.state()).toMatchObject({ status: "ready", connection: "connecting", unreadCount: 1 });
  });

  it("that fails says so, and succeeds later", async () => {
    isOnline = false;
    feed.start();
    await clock.pass(FIRST_LOAD_MS);
    expect(feed.state().status).toBe("failed");
    isOnline = true;
    await clock.pass(60_000);
    expect(feed.state().status).toBe("ready");
  });
});

describe("what happens", () => {
  it("is told when it arrives, and not a second time", async () => {
    await goLive();
    const frame = server.add("a");
    gateway.last.push(frame);
    gateway.last.push(frame);
    expect(events.map(({ kind }) => kind)).toEqual(["arrived"]);
    expect(feed.state().items.map(({ id }) => id)).toEqual(["a"]);
  });

  it("while the socket was away is told as one backlog, complete", async () => {
    await goLive();
    gateway.last.end(1006);
    for (let count = 0; count < 20; count += 1) server.add(`n${count}`);
    await clock.pass(500);
    await reconnect();
    expect(feed.state().unreadCount).toBe(20);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ kind: "backlog", notifications: { length: 20 } });
  });

  it("is fetched when the gateway says RESYNC, and when the window is looked at", async () => {
    await goLive();
    server.add("a");
    gateway.last.push({ type: "RESYNC", payload: {} });
    await settle();
    expect(feed.state().unreadCount).toBe(1);
    server.add("b");
    happen("looked_at");
    await settle();
    expect(feed.state().unreadCount).toBe(2);
  });

  it("in another window clears what was read there", async () => {
    await goLive();
    gateway.last.push(server.add("a"));
    gateway.last.push(server.read(["a"]));
    expect(feed.state().unreadCount).toBe(0);
    expect(unread()).toEqual([]);
  });
});

describe("a row that is rewritten", () => {
  beforeEach(async () => {
    server.add("a", { task_id: "t1" });
    await goLive();
  });

  it("because its task was deleted is no arrival, and says which task it was", () => {
    gateway.last.push(server.rewrite("a", { task_id: null }));
    expect(events).toEqual([{ kind: "changed", taskIds: ["t1"] }]);
  });

  it("because it happened again is one", () => {
    gateway.last.push(server.add("a", { task_id: "t1", count: 2 }));
    expect(events).toMatchObject([{ kind: "arrived", notification: { id: "a" } }]);
  });

  it("while the socket was away is no part of the backlog", async () => {
    server.rewrite("a", { task_id: null });
    gateway.last.push({ type: "RESYNC", payload: {} });
    await settle();
    expect(events).toEqual([{ kind: "changed", taskIds: ["t1"] }]);
    server.rewrite("a", { message: "Another" });
    server.add("b");
    gateway.last.push({ type: "RESYNC", payload: {} });
    await settle();
    expect(events.slice(1)).toMatchObject([
      { kind: "backlog", notifications: [{ id: "b" }] },
      { kind: "changed", taskIds: [] },
    ]);
  });
});

describe("a mark", () => {
  beforeEach(async () => {
    server.add("a");
    server.add("b");
    await goLive();
  });

  it("shows at once, says what was seen, and stays when the echo comes", async () => {
    feed.markRead("a");
    expect(feed.state().unreadCount).toBe(1);
    expect(unread()).toEqual(["b"]);
    await settle();
    expect(marks).toEqual([{ kind: "read", id: "a", seq: 1 }]);
    gateway.last.push(server.read(["a"]));
    expect(feed.state().unreadCount).toBe(1);
    expect(unread()).toEqual(["b"]);
  });

  it("that the server refuses is undone and told, and only that one", async () => {
    answerMark = (mark) =>
      mark.kind === "read" && mark.id === "a" ? Promise.reject(new UnreachableError()) : Promise.resolve();
    feed.markRead("a");
    feed.markRead("b");
    expect(feed.state().unreadCount).toBe(0);
    server.read(["b"]);
    await settle();
    expect(unread()).toEqual(["a"]);
    expect(feed.state().unreadCount).toBe(1);
    expect(events).toMatchObject([{ kind: "refused", mark: { id: "a" } }]);
  });

  it("that is undone does not take away what arrived meanwhile", async () => {
    answerMark = () => Promise.reject(new UnreachableError());
    feed.markAllRead();
    gateway.last.push(server.add("c"));
    expect(feed.state().unreadCount).toBe(1);
    await settle();
    expect(unread()).toEqual(["c", "b", "a"]);
    expect(feed.state().unreadCount).toBe(3);
  });

  it("of all leaves unread what arrives after it", async () => {
    feed.markAllRead();
    gateway.last.push(server.add("c"));
    expect(feed.state().unreadCount).toBe(1);
    await settle();
    expect(marks).toEqual([{ kind: "all", upToSeq: 2 }]);
    gateway.last.push(server.readAll(2));
    expect(unread()).toEqual(["c"]);
    expect(feed.state().unreadCount).toBe(1);
  });

  it("whose echo is lost is made sure of by a sync", async () => {
    feed.markRead("a");
    await settle();
    server.read(["a"]); // Its frame is lost.
    const before = syncs;
    await clock.pass(ECHO_MS);
    expect(syncs).toBe(before + 1);
    expect(unread()).toEqual(["b"]);
  });

  it("on what changed since it was seen gives way to the change", async () => {
    feed.markRead("a");
    gateway.last.push(server.add("a"));
    await clock.pass(ECHO_MS);
    expect(unread()).toEqual(["a", "b"]);
    expect(feed.state().unreadCount).toBe(2);
  });

  it("can be taken back", async () => {
    feed.markRead("a");
    await settle();
    gateway.last.push(server.read(["a"]));
    feed.markUnread("a");
    expect(feed.state().unreadCount).toBe(2);
    await settle();
    gateway.last.push(server.unread(["a"]));
    expect(unread()).toEqual(["b", "a"]);
  });

  it("that is taken back before its echo comes is taken back for good", async () => {
    feed.markRead("a");
    feed.markUnread("a");
    await settle();
    expect(unread()).toEqual(["b", "a"]);
    gateway.last.push(server.read(["a"]));
    expect(unread()).toEqual(["b", "a"]);
    gateway.last.push(server.unread(["a"]));
    expect(feed.state()).toMatchObject({ unreadCount: 2 });
    expect(unread()).toEqual(["b", "a"]);
  });

  it("is not sent for what is read already", async () => {
    feed.markAllRead();
    feed.markAllRead();
    feed.markRead("a");
    await settle();
    expect(marks).toHaveLength(1);
  });
});

describe("a gateway that goes", () => {
  it("is left with every notification shown and told of once, whichever connections brought it", async () => {
    await goLive();
    const [old] = gateway.connections;
    const connections = new Set<string>();
    feed.subscribe(() => connections.add(feed.state().connection));
    old?.push({ type: "RECONNECT", payload: { after_ms: 1_000 } });
    await clock.pass(1_000);
    const both = server.add("a");
    old?.push(both);
    server.add("b"); // Its frame is lost.
    gateway.last.open();
    gateway.last.ready({ heartbeatSeconds: 3600 });
    gateway.last.push(both);
    const later = server.add("c");
    old?.push(later);
    gateway.last.push(later);
    await settle();
    gateway.last.push(both);
    expect(unread()).toEqual(["c", "b", "a"]);
    expect(feed.state().unreadCount).toBe(3);
    const told = events.flatMap((event) => {
      if (event.kind === "arrived") return [event.notification.id];
      return event.kind === "backlog" ? event.notifications.map(({ id }) => id) : [];
    });
    expect(told.sort()).toEqual(["a", "b", "c"]);
    expect([...connections]).toEqual(["live"]);
  });
});

describe("without a socket", () => {
  it("the API is asked, and the page says so, until there is one again", async () => {
    feed.start();
    await settle();
    gateway.last.end(1006);
    await clock.pass(BLOCKED_MS);
    expect(feed.state().connection).toBe("polling");
    server.add("a");
    await clock.pass(25_000);
    expect(feed.state().unreadCount).toBe(1);
    await reconnect();
    expect(feed.state().connection).toBe("live");
  });

  it("nor a server, the page does not blame the network", async () => {
    await goLive();
    isServerUp = false;
    gateway.last.end(1006);
    const seen = new Set<string>();
    feed.subscribe(() => seen.add(feed.state().connection));
    await clock.pass(2 * BLOCKED_MS);
    expect([...seen]).toEqual(["connecting"]);
    isServerUp = true;
    await clock.pass(60_000);
    expect(feed.state().connection).toBe("polling");
  });

  it("the API is asked at once when polling begins", async () => {
    await goLive();
    gateway.last.end(1006);
    server.add("a");
    await clock.pass(BLOCKED_MS);
    expect(feed.state()).toMatchObject({ unreadCount: 1, connection: "polling" });
  });

  it("for good, the page keeps asking and says that it was refused", async () => {
    await goLive();
    gateway.last.end(4409);
    await settle();
    expect(feed.state()).toMatchObject({ connection: "refused", closedWith: 4409 });
    server.add("a");
    await clock.pass(15_000);
    expect(feed.state().unreadCount).toBe(1);
  });

  it("and without a network it says offline, and comes back at once", async () => {
    await goLive();
    isOnline = false;
    gateway.last.end(1006);
    happen("offline");
    expect(feed.state().connection).toBe("offline");
    server.add("a");
    isOnline = true;
    happen("online");
    await settle();
    expect(feed.state().unreadCount).toBe(1);
    expect(gateway.connections).toHaveLength(2);
  });
});
