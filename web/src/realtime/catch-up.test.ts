import { beforeEach, describe, expect, it } from "vitest";

import { ProblemError, UnreachableError } from "@/lib/problems";
import { CatchUp, HELD_FRAMES, PERIOD_MS, ROUNDS } from "@/realtime/catch-up";
import type { SyncResult } from "@/realtime/inbox";
import { isPushed } from "@/realtime/listing";
import { FakeClock, settle } from "@/testing/fake-clock";
import { FakeInboxServer } from "@/testing/fake-inbox-server";

let clock: FakeClock;
let server: FakeInboxServer;
let asked: (number | null)[];
let answer: (afterSeq: number | null) => Promise<SyncResult>;
let pushedOnly: string[];
let troubles: unknown[];
let catchUp: CatchUp;

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeInboxServer();
  asked = [];
  pushedOnly = [];
  troubles = [];
  answer = (afterSeq) => Promise.resolve(server.sync(afterSeq));
  catchUp = new CatchUp(
    {
      clock,
      random: () => 0.5,
      fetchSync: (afterSeq) => {
        asked.push(afterSeq);
        return answer(afterSeq);
      },
    },
    {
      onInbox: (_inbox, _before, change) => isPushed(change) && pushedOnly.push(change.type),
      onTrouble: (error) => troubles.push(error),
    },
  );
});

/** A sync that is answered, as of now, when the test says so. */
function slowAnswers() {
  const waiting: (() => void)[] = [];
  answer = (afterSeq) => {
    const result = server.sync(afterSeq);
    return new Promise((resolve) => waiting.push(() => resolve(result)));
  };
  return async () => {
    waiting.shift()?.();
    await settle();
  };
}

function expectEqual() {
  expect(Object.fromEntries(catchUp.inbox.items)).toEqual(Object.fromEntries(server.items));
  expect(catchUp.inbox.latestSeq).toBe(server.seq);
  expect(catchUp.inbox.unreadCount).toBe(server.unreadCount);
}

describe("catching up", () => {
  it("asks for everything first, then only for what is newer", async () => {
    server.add("a");
    await catchUp.sync("anew");
    await catchUp.sync("anew");
    expect(asked).toEqual([null, 1]);
    expectEqual();
  });

  it("holds frames that come while a sync is under way, and applies them after it", async () => {
    server.add("a");
    const answerNext = slowAnswers();
    void catchUp.sync("anew");
    catchUp.receive(server.add("b"));
    catchUp.receive(server.read(["a"]));
    expect(catchUp.inbox.latestSeq).toBe(0);
    await answerNext();
    expect(asked).toEqual([null]);
    expect(pushedOnly).toEqual(["NOTIFICATION", "READ"]);
    expectEqual();
  });

  it("applies held frames in the order of their numbers, each once", async () => {
    const answerNext = slowAnswers();
    void catchUp.sync("anew");
    const [first, second] = [server.add("a"), server.add("b")];
    for (const frame of [second, first, second]) catchUp.receive(frame);
    await answerNext();
    expect(asked).toEqual([null]);
    expectEqual();
  });

  it("asks once when a frame is missing, and shows the later one with it", async () => {
    await catchUp.sync("anew");
    server.add("lost");
    catchUp.receive(server.add("b"));
    await settle();
    expect(asked).toEqual([null, 0]);
    expectEqual();
  });

  it("asks once more after a sync that may have been answered too early", async () => {
    const answerNext = slowAnswers();
    void catchUp.sync("join");
    server.add("a"); // After the snapshot, and its frame is lost.
    void catchUp.sync("anew");
    void catchUp.sync("anew");
    expect(asked).toEqual([null]);
    await answerNext();
    await answerNext();
    expect(asked).toEqual([null, 0]);
    expectEqual();
  });

  it("shares the sync under way with those who only want to be sure", async () => {
    const answerNext = slowAnswers();
    void catchUp.sync("join");
    void catchUp.sync("join");
    await answerNext();
    expect(asked).toEqual([null]);
  });

  it("lets frames beyond the bound go, and asks for what they said", async () => {
    const answerNext = slowAnswers();
    void catchUp.sync("anew");
    for (let count = 0; count <= HELD_FRAMES; count += 1) catchUp.receive(server.add("a"));
    await answerNext();
    await answerNext();
    expect(asked).toEqual([null, 0]);
    expectEqual();
  });

  it("does not ask for ever because of a frame from nowhere", async () => {
    await catchUp.sync("anew");
    const stray = server.add("a");
    server.seq = 0;
    server.items.clear();
    catchUp.receive({ ...stray, payload: { ...stray.payload, seq: 50 } } as typeof stray);
    await settle();
    expect(asked.length).toBeLessThanOrEqual(1 + ROUNDS);
  });
});

describe("asking again by itself", () => {
  it("happens every five minutes, since the last frame can be lost without a gap", async () => {
    await catchUp.sync("anew");
    server.add("lost");
    await clock.pass(PERIOD_MS);
    expect(asked).toEqual([null, 0]);
    expectEqual();
  });

  it("happens at once, after 10, 20, 40 and then every 60 seconds while there is no socket", async () => {
    await catchUp.sync("anew");
    const moments: number[] = [];
    const from = clock.now();
    answer = (afterSeq) => {
      moments.push((clock.now() - from) / 1000);
      return Promise.resolve(server.sync(afterSeq));
    };
    catchUp.poll(true);
    await clock.pass(200_000);
    expect(moments).toEqual([0, 10, 30, 70, 130, 190]);
    catchUp.poll(false);
    await clock.pass(PERIOD_MS - 1);
    expect(moments).toHaveLength(6);
  });

  it("starts from 10 seconds again when there was something new", async () => {
    await catchUp.sync("anew");
    catchUp.poll(true);
    await clock.pass(30_000);
    server.add("a");
    await clock.pass(40_000);
    expect(asked).toHaveLength(5);
    await clock.pass(10_000);
    expect(asked).toHaveLength(6);
  });

  it("goes on after failures, and says when it is well again", async () => {
    const well = answer;
    answer = () => Promise.reject(new UnreachableError());
    await catchUp.sync("anew");
    await clock.pass(120_000);
    expect(asked.length).toBeGreaterThan(5);
    answer = well;
    server.add("a");
    await clock.pass(30_000);
    expect(troubles.at(-1)).toBeNull();
    expectEqual();
  });

  it("waits as long as the server asks", async () => {
    const problem = { type: "too_many_requests", title: "", status: 429, detail: "", errors: [] } as const;
    answer = () => Promise.reject(new ProblemError({ ...problem, errors: [] }, 45_000));
    await catchUp.sync("anew");
    await clock.pass(44_999);
    expect(asked).toHaveLength(1);
    await clock.pass(1);
    expect(asked).toHaveLength(2);
  });

  it("ends with stop", async () => {
    await catchUp.sync("anew");
    catchUp.stop();
    await clock.pass(10 * PERIOD_MS);
    await catchUp.sync("anew");
    expect(asked).toHaveLength(1);
  });
});
