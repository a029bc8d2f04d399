import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import { UnreachableError } from "@/lib/problems";
import { NotificationFeed, type FeedEvent } from "@/realtime/feed";
import type { Page } from "@/realtime/listing";
import type { Which } from "@/realtime/lists";
import { newestFirst, type LogFrame } from "@/realtime/rows";
import { FakeClock, settle } from "@/testing/fake-clock";
import { FakeGateway } from "@/testing/fake-gateway";
import { FakeInboxServer } from "@/testing/fake-inbox-server";

const PAGE = 2;
const UNREAD = 3;

interface Request {
  asItWasAsked: Page;
  asItIsNow: () => Page;
  resolve: (page: Page) => void;
  reject: (error: Error) => void;
}

/** A window whose sync starts with the newest few only, and whose pages come when the test lets them. */
class Window {
  readonly server = new FakeInboxServer();
  readonly gateway = new FakeGateway();
  readonly clock = new FakeClock();
  readonly events: FeedEvent[] = [];
  readonly requests: Request[] = [];
  /** Frames that the gateway has and the window has not. */
  readonly onTheWay: LogFrame[] = [];
  readonly feed = new NotificationFeed({
    api: {
      sync: (afterSeq) => {
        const result = this.server.sync(afterSeq);
        const newest = this.server.page(null, PAGE).items;
        const unread = this.server.page(null, UNREAD, { isUnread: true }).items;
        const items = result.items.filter((item) => newest.includes(item) || unread.includes(item));
        return Promise.resolve(result.reset ? { ...result, items } : result);
      },
      mark: () => Promise.resolve(),
      history: (cursor) => this.#page(() => this.server.page(cursor, PAGE)),
      unread: (cursor) => this.#page(() => this.server.page(cursor, PAGE, { isUnread: true })),
      members: () => Promise.reject(new UnreachableError()),
    },
    socketUrl: "ws://gateway/ws",
    openSocket: this.gateway.open,
    token: () => Promise.resolve({ value: "token", expiresAt: this.clock.now() + 900_000 }),
    clock: this.clock,
    random: () => 0.5,
    surroundings: { isOnline: () => true, watch: () => () => undefined },
  });

  constructor() {
    this.feed.onEvent((event) => this.events.push(event));
  }

  async open(): Promise<void> {
    this.feed.start();
    await settle();
    this.gateway.last.open();
    this.gateway.last.ready({ heartbeatSeconds: 3600 });
    await settle();
  }

  push(frame: LogFrame): void {
    this.gateway.last.push(frame);
  }

  async arrive(): Promise<void> {
    for (const frame of this.onTheWay.splice(0)) this.push(frame);
    await settle();
  }

  async resync(): Promise<void> {
    this.gateway.last.push({ type: "RESYNC", payload: {} });
    await settle();
  }

  async answer({ isLate = false } = {}): Promise<void> {
    const request = this.requests.shift();
    request?.resolve(isLate ? request.asItWasAsked : request.asItIsNow());
    await settle();
  }

  async toTheEnd(which: Which): Promise<void> {
    for (let page = 0; page < 200 && this.feed.state().lists[which].more !== "end"; page += 1) {
      this.feed.loadMore(which);
      await this.answer();
    }
  }

  ids(which: Which): string[] {
    return this.feed.state().lists[which].items.map(({ id }) => id);
  }

  #page(asItIsNow: () => Page): Promise<Page> {
    return new Promise((resolve, reject) => {
      this.requests.push({ asItWasAsked: asItIsNow(), asItIsNow, resolve, reject });
    });
  }
}

let page: Window;

beforeEach(() => {
  page = new Window();
});

/** Six rows, `a` the oldest; all but `b` are read. */
async function openWithHistory() {
  for (const id of ["a", "b", "c", "d", "e", "f"]) page.server.add(id);
  page.server.read(["a", "c", "d", "e", "f"]);
  await page.open();
}

describe("the whole list", () => {
  it("goes on below what the sync gave, page by page, and says where it ends", async () => {
    await openWithHistory();
    expect(page.ids("all")).toEqual(["f", "e", "b"]);
    page.feed.loadMore("all");
    expect(page.feed.state().lists.all.more).toBe("loading");
    await page.answer();
    await page.answer();
    expect(page.ids("all")).toEqual(["f", "e", "d", "c"]);
    await page.toTheEnd("all");
    expect(page.ids("all")).toEqual(["f", "e", "d", "c", "b", "a"]);
  });

  it("shows an old unread one only where the pages have come to it, and at once in the list of the unread", async () => {
    await openWithHistory();
    page.feed.loadMore("all");
    await page.answer();
    await page.answer();
    expect(page.ids("all")).not.toContain("b");
    expect(page.ids("unread")).toEqual(["b"]);
  });

  it("puts what arrives above, and what joins a row that was fetched moves it up", async () => {
    await openWithHistory();
    await page.toTheEnd("all");
    page.push(page.server.add("new"));
    page.push(page.server.add("a", { count: 2 }));
    expect(page.ids("all")).toEqual(["a", "new", "f", "e", "d", "c", "b"]);
  });

  it("applies to a page what was said while it was on its way", async () => {
    await openWithHistory();
    page.feed.loadMore("all");
    await page.answer();
    page.push(page.server.unread(["e"]));
    page.push(page.server.remove(["d"]));
    await page.answer({ isLate: true });
    await page.toTheEnd("all");
    expect(page.ids("all")).toEqual(["f", "e", "c", "b", "a"]);
    expect(page.ids("unread")).toEqual(["e", "b"]);
  });

  it("loses everywhere what is removed", async () => {
    await openWithHistory();
    await page.toTheEnd("all");
    page.push(page.server.remove(["b", "d"]));
    expect(page.ids("all")).toEqual(["f", "e", "c", "a"]);
    expect(page.ids("unread")).toEqual([]);
  });

  it("says that a page failed, keeps what it shows, and goes on when asked again", async () => {
    await openWithHistory();
    page.feed.loadMore("all");
    page.requests.shift()?.reject(new UnreachableError());
    await settle();
    expect(page.feed.state().lists.all).toMatchObject({ more: "failed", items: { length: 3 } });
    await page.toTheEnd("all");
    expect(page.ids("all")).toHaveLength(6);
  });

  it("asks for one page at a time", async () => {
    await openWithHistory();
    page.feed.loadMore("all");
    page.feed.loadMore("all");
    expect(page.requests).toHaveLength(1);
  });

  it("stays on the screen while it is fetched again after a new start, and is then what the server holds", async () => {
    await openWithHistory();
    await page.toTheEnd("all");
    page.server.remove(["c"]);
    page.server.add("new");
    page.server.forget();
    await page.resync();
    expect(page.ids("all")).toEqual(["new", "f", "e", "d", "c", "b", "a"]);
    while (page.requests.length > 0) await page.answer();
    expect(page.ids("all")).toEqual(["new", "f", "e", "d", "b", "a"]);
  });

  it("is fetched again by the next sync, when that failed after a new start", async () => {
    await openWithHistory();
    await page.toTheEnd("all");
    page.server.remove(["c"]);
    page.server.forget();
    await page.resync();
    while (page.requests.length > 0) page.requests.shift()?.reject(new UnreachableError());
    await settle();
    expect(page.feed.state().lists.all.more).toBe("failed");
    expect(page.ids("all")).toContain("c");
    await page.resync();
    while (page.requests.length > 0) await page.answer();
    expect(page.ids("all")).toEqual(["f", "e", "d", "b", "a"]);
  });

  it("marks what only it holds, without a message that something came", async () => {
    await openWithHistory();
    await page.toTheEnd("all");
    page.feed.markUnread("a", "b");
    expect(page.ids("unread")).toEqual(["b", "a"]);
    page.push(page.server.unread(["a"]));
    await settle();
    expect(page.ids("unread")).toEqual(["b", "a"]);
    expect(page.feed.state().unreadCount).toBe(2);
    expect(page.events.filter(({ kind }) => kind !== "changed")).toEqual([]);
  });
});

describe("the list of the unread", () => {
  it("ends where the server's count says so, and nothing is asked for what is known", async () => {
    for (const id of ["a", "b", "c"]) page.server.add(id);
    await page.open();
    page.push(page.server.add("d"));
    expect(page.ids("unread")).toEqual(["d", "c", "b", "a"]);
    expect(page.feed.state().lists.unread.more).toBe("end");
  });

  it("goes on below what the sync gave, past pages that say nothing new", async () => {
    for (const id of ["a", "b", "c", "d", "e", "f"]) page.server.add(id);
    await page.open();
    expect(page.ids("unread")).toEqual(["f", "e", "d"]);
    expect(page.feed.state().lists.unread.more).toBe("idle");
    page.feed.loadMore("unread");
    await page.answer();
    await page.answer();
    expect(page.ids("unread")).toEqual(["f", "e", "d", "c"]);
    await page.toTheEnd("unread");
    expect(page.ids("unread")).toEqual(["f", "e", "d", "c", "b", "a"]);
  });
});

const ids = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");
type Step = (page: Window) => void | Promise<void>;
const command = (run: (server: FakeInboxServer) => LogFrame): Step => {
  return ({ server, onTheWay }) => void onTheWay.push(run(server));
};
const some = fc.array(ids, { minLength: 1, maxLength: 3 });
const steps = fc.oneof(
  { weight: 3, arbitrary: ids.map((id) => command((server) => server.add(id))) },
  { weight: 2, arbitrary: some.map((them) => command((server) => server.read(them))) },
  { weight: 2, arbitrary: some.map((them) => command((server) => server.unread(them))) },
  { weight: 2, arbitrary: some.map((them) => command((server) => server.remove(them))) },
  fc.nat(5).map((back) => command((server) => server.readAll(Math.max(0, server.seq - back)))),
  { weight: 5, arbitrary: fc.constant<Step>((window) => window.arrive()) },
  fc.constant<Step>((window) => void window.onTheWay.shift()),
  {
    weight: 5,
    arbitrary: fc.constantFrom<Which>("all", "unread").map(
      (which): Step =>
        (w) =>
          w.feed.loadMore(which),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.boolean().map(
      (isLate): Step =>
        (window) =>
          window.answer({ isLate }),
    ),
  },
  fc.constant<Step>(async (window) => {
    window.requests.shift()?.reject(new UnreachableError());
    await settle();
  }),
  fc.constant<Step>((window) => window.resync()),
  fc.constant<Step>(async (window) => {
    window.server.forget();
    await window.resync();
  }),
);

describe("both lists, whatever happens while they are fetched", () => {
  it("show exactly what the server holds, in its order, once they have come to the end", async () => {
    await fc.assert(
      fc.asyncProperty(some, fc.array(steps, { minLength: 5, maxLength: 40 }), async (unread, run) => {
        const window = new Window();
        for (const id of ["a", "b", "c", "d", "e", "f", "g", "h"]) window.server.add(id);
        window.server.readAll(window.server.seq);
        window.server.unread(unread);
        await window.open();
        for (const step of run) await step(window);
        await window.arrive();
        await window.resync();
        while (window.requests.length > 0) await window.answer();
        await window.toTheEnd("all");
        await window.toTheEnd("unread");

        const { lists, unreadCount } = window.feed.state();
        const held = [...window.server.items.values()].sort(newestFirst);
        expect(lists.all.items).toEqual(held);
        expect(lists.unread.items).toEqual(held.filter(({ read_at }) => read_at === null));
        expect(unreadCount).toBe(lists.unread.items.length);
        window.feed.stop();
      }),
      { numRuns: 200 },
    );
  }, 30_000);
});
