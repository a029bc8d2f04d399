import { beforeEach, describe, expect, it } from "vitest";

import type { ServerFrame } from "@/lib/contracts/frames.gen";
import { SessionEndedError, UnreachableError } from "@/lib/problems";
import type { AccessToken } from "@/realtime/access-token";
import { ANSWER_MS, BACKOFF, NotificationSocket, type Phase } from "@/realtime/socket";
import { FakeClock } from "@/testing/fake-clock";
import { FakeGateway, type FakeConnection } from "@/testing/fake-gateway";

const MINUTE = 60_000;
const AFTER_MS = 3_000;
const RESYNC: ServerFrame = { type: "RESYNC", payload: {} };

let clock: FakeClock;
let gateway: FakeGateway;
let phases: Phase[];
let frames: ServerFrame[];
let readies: number;
let worn: (AccessToken | null)[];
let tokens: () => Promise<AccessToken>;
let socket: NotificationSocket;
let old: FakeConnection;

beforeEach(async () => {
  clock = new FakeClock();
  gateway = new FakeGateway();
  phases = [];
  frames = [];
  readies = 0;
  worn = [];
  tokens = () => Promise.resolve({ value: `token-${worn.length}`, expiresAt: clock.now() + 15 * MINUTE });
  socket = new NotificationSocket(
    {
      url: "ws://gateway/ws",
      clock,
      random: () => 0.999,
      openSocket: gateway.open,
      token: (refused) => {
        worn.push(refused);
        return tokens();
      },
      lastSeq: () => 7,
    },
    {
      onPhase: (phase) => phases.push(phase),
      onReady: () => (readies += 1),
      onFrame: (frame) => frames.push(frame),
    },
  );
  socket.start();
  await clock.pass(0);
  gateway.last.open();
  gateway.last.ready({ heartbeatSeconds: 3600 });
  old = gateway.last;
});

/** The gateway says that it goes, and the time it said passes. */
async function beAsked() {
  old.push({ type: "RECONNECT", payload: { after_ms: AFTER_MS } });
  await clock.pass(AFTER_MS);
}

function join(connection: FakeConnection) {
  connection.open();
  connection.ready({ heartbeatSeconds: 3600 });
}

const open = () => gateway.connections.filter(({ isClosedByPage }) => !isClosedByPage);

describe("a gateway that goes", () => {
  it("is left at the time it said, and only when another has said READY", async () => {
    old.push({ type: "RECONNECT", payload: { after_ms: AFTER_MS } });
    await clock.pass(AFTER_MS - 1);
    expect(gateway.connections).toHaveLength(1);
    await clock.pass(1);
    expect(gateway.connections).toHaveLength(2);
    gateway.last.open();
    expect(gateway.last.received).toEqual([{ type: "AUTH", payload: { token: "token-2" } }]);
    expect(old.isClosedByPage).toBe(false);
    expect(readies).toBe(1);
    gateway.last.ready();
    expect(old.isClosedByPage).toBe(true);
    expect(readies).toBe(2);
    expect(phases).toEqual(["connecting", "authenticating", "live"]);
  });

  it("is heard until then, and from then on only the other is", async () => {
    await beAsked();
    gateway.last.open();
    old.push(RESYNC);
    expect(frames).toHaveLength(1);
    gateway.last.ready();
    old.push(RESYNC);
    old.end(1012);
    expect(frames).toHaveLength(1);
    gateway.last.push(RESYNC);
    expect(frames).toHaveLength(2);
    expect(socket.phase).toBe("live");
  });

  it("that says it again is left once", async () => {
    old.push({ type: "RECONNECT", payload: { after_ms: 1_000 } });
    await beAsked();
    expect(gateway.connections).toHaveLength(2);
    old.push({ type: "RECONNECT", payload: { after_ms: 0 } });
    await clock.pass(1_000);
    expect(gateway.connections).toHaveLength(2);
    gateway.last.end(4409);
    old.push({ type: "RECONNECT", payload: { after_ms: 0 } });
    await clock.pass(0);
    expect(gateway.connections).toHaveLength(2);
  });

  it("can be followed by another that goes", async () => {
    await beAsked();
    join(gateway.last);
    gateway.last.push({ type: "RECONNECT", payload: { after_ms: AFTER_MS } });
    await clock.pass(AFTER_MS);
    join(gateway.last);
    expect(readies).toBe(3);
    expect(open()).toEqual([gateway.last]);
  });
});

describe("another gateway that cannot be had", () => {
  for (const code of [1006, 1013, 4400, 4401, 4409])
    it(`for a close with ${code} leaves the old one in its place, and is tried for again`, async () => {
      await beAsked();
      gateway.last.open();
      gateway.last.end(code);
      expect(socket.phase).toBe("live");
      expect(socket.closedWith).toBeNull();
      expect(old.isClosedByPage).toBe(false);
      await clock.pass(BACKOFF.baseMs);
      expect(gateway.connections).toHaveLength(3);
      expect(worn[2]?.value).toBe(code === 4401 ? "token-2" : undefined);
      join(gateway.last);
      expect(open()).toEqual([gateway.last]);
      expect(readies).toBe(2);
    });

  it("is tried for less and less often, with two connections at most", async () => {
    await beAsked();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const before = gateway.connections.length;
      gateway.last.end(4409);
      await clock.pass(BACKOFF.baseMs * 2 ** attempt * 0.99);
      expect(gateway.connections).toHaveLength(before);
      await clock.pass(BACKOFF.baseMs * 2 ** attempt * 0.01);
      expect(gateway.connections).toHaveLength(before + 1);
    }
  });

  it("for an answer that does not come is given up", async () => {
    await beAsked();
    gateway.last.open();
    await clock.pass(ANSWER_MS);
    expect(open()).toEqual([old]);
    await clock.pass(BACKOFF.baseMs);
    expect(open()).toEqual([old, gateway.last]);
  });

  it("for want of a token leaves the old one in its place", async () => {
    const later = tokens;
    tokens = () => Promise.reject(new UnreachableError());
    await beAsked();
    expect(socket.phase).toBe("live");
    tokens = later;
    await clock.pass(BACKOFF.baseMs);
    join(gateway.last);
    expect(readies).toBe(2);
  });
});

describe("an old gateway that ends first", () => {
  it("before the time it said is a lost connection", async () => {
    old.push({ type: "RECONNECT", payload: { after_ms: AFTER_MS } });
    old.end(1012);
    expect(socket.phase).toBe("waiting");
    await clock.pass(BACKOFF.baseMs);
    expect(gateway.connections).toHaveLength(2);
    await clock.pass(AFTER_MS);
    expect(gateway.connections).toHaveLength(2);
  });

  it("leaves the attempt that is under way to be the first to come back", async () => {
    await beAsked();
    old.end(1012);
    expect(socket.phase).toBe("connecting");
    join(gateway.last);
    expect(gateway.connections).toHaveLength(2);
    expect(phases).toEqual(["connecting", "authenticating", "live", "connecting", "authenticating", "live"]);
    expect(readies).toBe(2);
  });

  it("has the attempt that fails after it wait like any", async () => {
    await beAsked();
    gateway.last.open();
    old.end(1012);
    expect(socket.phase).toBe("authenticating");
    gateway.last.end(1013);
    expect(socket.phase).toBe("waiting");
    await clock.pass(BACKOFF.baseMs);
    expect(gateway.connections).toHaveLength(3);
  });

  it("between two attempts is a lost connection, and a refusal after it counts", async () => {
    await beAsked();
    gateway.last.end(4409);
    old.end(1012);
    expect(socket.phase).toBe("waiting");
    await clock.pass(BACKOFF.baseMs);
    gateway.last.open();
    gateway.last.end(4409);
    expect(socket.phase).toBe("stopped");
    expect(socket.closedWith).toBe(4409);
  });

  it("without a word is noticed, and the attempt goes on", async () => {
    await beAsked();
    socket.wake();
    await clock.pass(ANSWER_MS - 1);
    gateway.last.open();
    await clock.pass(1);
    expect(open()).toEqual([gateway.last]);
    gateway.last.ready();
    expect(socket.phase).toBe("live");
  });

  it("with the end of the session takes the attempt with it", async () => {
    await beAsked();
    gateway.last.open();
    tokens = () => Promise.reject(new SessionEndedError());
    old.end(4401);
    expect(open()).toEqual([]);
    await clock.pass(BACKOFF.baseMs);
    expect(worn.at(-1)?.value).toBe("token-1");
    expect(socket.phase).toBe("stopped");
    expect(gateway.connections).toHaveLength(2);
  });
});

describe("the token during a handover", () => {
  it("is renewed on the old connection, and afterwards on the new one by its own end", async () => {
    await clock.pass(14 * MINUTE - AFTER_MS - 1);
    await beAsked();
    gateway.last.open();
    await clock.pass(1);
    expect(old.received.at(-1)).toEqual({ type: "AUTH", payload: { token: "token-3" } });
    expect(readies).toBe(1);
    gateway.last.ready({ heartbeatSeconds: 3600 });
    await clock.pass(14 * MINUTE - 2);
    expect(gateway.last.received).toHaveLength(1);
    await clock.pass(1);
    expect(gateway.last.received.at(-1)).toEqual({ type: "AUTH", payload: { token: "token-4" } });
    expect(worn.at(-1)?.value).toBe("token-2");
  });

  it("that comes after the switch is not sent on either", async () => {
    await clock.pass(14 * MINUTE - AFTER_MS - 1);
    await beAsked();
    let give: (token: AccessToken) => void = () => undefined;
    tokens = () => new Promise((resolve) => (give = resolve));
    await clock.pass(1);
    join(gateway.last);
    give({ value: "late", expiresAt: clock.now() + 15 * MINUTE });
    await clock.pass(0);
    expect(old.received).toHaveLength(1);
    expect(gateway.last.received).toHaveLength(1);
  });

  it("that is gone for good ends both connections", async () => {
    await clock.pass(14 * MINUTE - AFTER_MS - 1);
    await beAsked();
    tokens = () => Promise.reject(new SessionEndedError());
    await clock.pass(1);
    expect(socket.phase).toBe("stopped");
    expect(open()).toEqual([]);
  });
});

describe("stopping during a handover", () => {
  it("leaves neither connection nor a timer behind", async () => {
    await beAsked();
    gateway.last.open();
    socket.stop();
    expect(open()).toEqual([]);
    gateway.last.ready();
    await clock.pass(60 * MINUTE);
    expect(gateway.connections).toHaveLength(2);
    expect(socket.phase).toBe("idle");
    expect(readies).toBe(1);
  });

  it("while its token is asked for opens nothing", async () => {
    let give: (token: AccessToken) => void = () => undefined;
    tokens = () => new Promise((resolve) => (give = resolve));
    await beAsked();
    socket.stop();
    give({ value: "late", expiresAt: clock.now() + MINUTE });
    await clock.pass(60 * MINUTE);
    expect(gateway.connections).toEqual([old]);
    expect(old.isClosedByPage).toBe(true);
  });
});
