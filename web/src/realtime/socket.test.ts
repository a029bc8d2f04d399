import { beforeEach, describe, expect, it } from "vitest";

import { CLOSE_CODES } from "@/lib/contracts/close-codes.gen";
import type { ServerFrame } from "@/lib/contracts/frames.gen";
import { SessionEndedError, UnreachableError } from "@/lib/problems";
import type { AccessToken } from "@/realtime/access-token";
import { ANSWER_MS, BACKOFF, NotificationSocket, STABLE_MS, type Phase } from "@/realtime/socket";
import { FakeClock } from "@/testing/fake-clock";
import { FakeGateway } from "@/testing/fake-gateway";

const MINUTE = 60_000;

let clock: FakeClock;
let gateway: FakeGateway;
let phases: Phase[];
let frames: ServerFrame[];
let readies: number;
let worn: (AccessToken | null)[];
let random: number;
let tokens: () => Promise<AccessToken>;
let socket: NotificationSocket;

beforeEach(() => {
  clock = new FakeClock();
  gateway = new FakeGateway();
  phases = [];
  frames = [];
  readies = 0;
  worn = [];
  random = 0.5;
  tokens = () => Promise.resolve({ value: `token-${worn.length}`, expiresAt: clock.now() + 15 * MINUTE });
  socket = new NotificationSocket(
    {
      url: "ws://gateway/ws",
      clock,
      random: () => random,
      openSocket: gateway.open,
      token: (old) => {
        worn.push(old);
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
});

async function connect() {
  await clock.pass(0);
  gateway.last.open();
}

async function goLive(options?: { heartbeatSeconds?: number }) {
  socket.start();
  await connect();
  gateway.last.ready(options);
}

/** Waits, without going further, until the page has connected once more. */
async function untilConnection(count: number, limit = 60_000): Promise<number> {
  const from = clock.now();
  while (gateway.connections.length < count && clock.now() - from < limit) await clock.pass(10);
  expect(gateway.connections.length).toBe(count);
  return clock.now() - from;
}

describe("connecting", () => {
  it("sends the token in the first frame, and is live with READY", async () => {
    await goLive();
    expect(gateway.last.received).toEqual([{ type: "AUTH", payload: { token: "token-1" } }]);
    expect(phases).toEqual(["connecting", "authenticating", "live"]);
    expect(readies).toBe(1);
  });

  it("gives up a handshake, and a READY, that do not come", async () => {
    socket.start();
    await clock.pass(ANSWER_MS);
    expect(gateway.last.isClosedByPage).toBe(true);
    await untilConnection(2);
    gateway.last.open();
    await clock.pass(ANSWER_MS);
    await untilConnection(3);
  });

  it("stops when the session has ended", async () => {
    tokens = () => Promise.reject(new SessionEndedError());
    socket.start();
    await clock.pass(10 * MINUTE);
    expect(socket.phase).toBe("stopped");
    expect(gateway.connections).toHaveLength(0);
  });

  it("tries again when the token cannot be had for now", async () => {
    tokens = () => Promise.reject(new UnreachableError());
    socket.start();
    await clock.pass(1);
    expect(socket.phase).toBe("waiting");
    tokens = () => Promise.resolve({ value: "late", expiresAt: clock.now() + MINUTE });
    await untilConnection(1);
  });

  it("hands on frames, and minds nothing that is none", async () => {
    await goLive();
    gateway.last.pushText("no json");
    gateway.last.pushText("[]");
    gateway.last.push({ type: "RESYNC", payload: {} });
    expect(frames).toEqual([{ type: "RESYNC", payload: {} }]);
    expect(socket.phase).toBe("live");
  });
});

describe("a close code", () => {
  for (const [code, { name, come_back }] of Object.entries(CLOSE_CODES)) {
    it(`${code} ${name}: comes back ${come_back.replaceAll("_", " ")}`, async () => {
      await goLive();
      gateway.last.end(Number(code));
      expect(socket.phase).toBe(come_back === "never" ? "stopped" : "waiting");
      await clock.pass(2 * MINUTE);
      expect(gateway.connections.length > 1).toBe(come_back !== "never");
      expect(worn[1]?.value).toBe(come_back === "with_new_token" ? "token-1" : undefined);
    });
  }

  it("that nobody wrote down is a lost connection", async () => {
    await goLive();
    gateway.last.end(1006);
    await untilConnection(2);
  });

  it("that said never is overcome by a person who asks", async () => {
    await goLive();
    gateway.last.end(4409);
    socket.wake();
    await clock.pass(MINUTE);
    expect(gateway.connections).toHaveLength(1);
    socket.wake({ evenIfStopped: true });
    await untilConnection(2);
  });
});

describe("backoff", () => {
  it("waits at most twice as long each time, up to the cap, and never stops trying", async () => {
    random = 1;
    socket.start();
    await clock.pass(0);
    for (let attempt = 0; attempt < 12; attempt += 1) {
      gateway.last.end(1006);
      const waited = await untilConnection(attempt + 2);
      const bound = Math.min(BACKOFF.capMs, BACKOFF.baseMs * 2 ** attempt);
      expect(waited).toBeGreaterThan(bound - 20);
      expect(waited).toBeLessThanOrEqual(bound + 20);
    }
  });

  it("spreads over the whole bound", async () => {
    random = 0.01;
    await goLive();
    for (let count = 2; count < 8; count += 1) {
      gateway.last.end(1006);
      expect(await untilConnection(count)).toBeLessThan(400);
    }
  });

  it("starts anew only after a connection was stable", async () => {
    random = 1;
    socket.start();
    await clock.pass(0);
    for (const count of [2, 3, 4]) {
      gateway.last.end(1006);
      await untilConnection(count);
    }
    gateway.last.open();
    gateway.last.ready();
    gateway.last.end(1012);
    expect(await untilConnection(5)).toBeGreaterThan(BACKOFF.baseMs * 2);
    gateway.last.open();
    gateway.last.ready({ heartbeatSeconds: 3600 });
    await clock.pass(STABLE_MS);
    gateway.last.end(1012);
    expect(await untilConnection(6)).toBeLessThanOrEqual(BACKOFF.baseMs + 20);
  });

  it("ends at once when the network is back", async () => {
    random = 1;
    await goLive();
    gateway.last.end(1006);
    socket.wake();
    await clock.pass(0);
    expect(gateway.connections).toHaveLength(2);
  });
});

describe("the heartbeat", () => {
  const pings = () => gateway.last.received.filter(({ type }) => type === "PING");

  it("says which entry was applied last, in every period", async () => {
    await goLive({ heartbeatSeconds: 20 });
    await clock.pass(10_000);
    expect(pings()).toEqual([{ type: "PING", payload: { seq: 7 } }]);
    gateway.last.push({ type: "PONG", payload: {} });
    await clock.pass(20_000);
    expect(pings()).toHaveLength(2);
  });

  it("that stays without an answer leads to a new connection", async () => {
    await goLive({ heartbeatSeconds: 20 });
    await clock.pass(10_000 + ANSWER_MS - 1);
    expect(gateway.last.isClosedByPage).toBe(false);
    await clock.pass(1);
    expect(gateway.connections[0]?.isClosedByPage).toBe(true);
    await untilConnection(2);
  });

  it("is content with any frame as an answer", async () => {
    await goLive({ heartbeatSeconds: 60 });
    await clock.pass(30_000);
    gateway.last.push({ type: "RESYNC", payload: {} });
    await clock.pass(ANSWER_MS + 1);
    expect(socket.phase).toBe("live");
  });

  it("tries out a live socket when the window is looked at", async () => {
    await goLive({ heartbeatSeconds: 600 });
    socket.wake();
    expect(pings()).toHaveLength(1);
    await clock.pass(ANSWER_MS);
    await untilConnection(2);
  });
});

describe("the token", () => {
  it("is renewed on the open socket before it ends, with another one", async () => {
    await goLive({ heartbeatSeconds: 3600 });
    await clock.pass(14 * MINUTE - 1);
    expect(gateway.last.received).toHaveLength(1);
    await clock.pass(1);
    expect(gateway.last.received.at(-1)).toEqual({ type: "AUTH", payload: { token: "token-2" } });
    expect(worn[1]?.value).toBe("token-1");
    gateway.last.ready();
    expect(readies).toBe(1);
    expect(gateway.connections).toHaveLength(1);
  });

  it("that cannot be renewed for now is tried again while the socket is open", async () => {
    await goLive({ heartbeatSeconds: 3600 });
    const later = tokens;
    tokens = () => Promise.reject(new UnreachableError());
    await clock.pass(14 * MINUTE);
    tokens = later;
    await clock.pass(5_000);
    expect(gateway.last.received.at(-1)?.type).toBe("AUTH");
    expect(gateway.last.received).toHaveLength(2);
    expect(socket.phase).toBe("live");
  });

  it("that is gone for good ends the socket", async () => {
    await goLive({ heartbeatSeconds: 3600 });
    tokens = () => Promise.reject(new SessionEndedError());
    await clock.pass(14 * MINUTE);
    expect(socket.phase).toBe("stopped");
    expect(gateway.last.isClosedByPage).toBe(true);
  });
});

describe("stopping", () => {
  it("leaves no timer and no connection behind", async () => {
    await goLive();
    socket.stop();
    expect(gateway.last.isClosedByPage).toBe(true);
    await clock.pass(60 * MINUTE);
    expect(gateway.connections).toHaveLength(1);
    expect(socket.phase).toBe("idle");
  });
});
