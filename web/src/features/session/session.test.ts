import { beforeEach, describe, expect, it } from "vitest";

import { Session, type SessionNews } from "@/features/session/session";
import type { RequestOptions, Send } from "@/lib/http";
import type { Problem } from "@/lib/contracts/problem.gen";
import { ProblemError, SessionEndedError, UnreachableError } from "@/lib/problems";
import { FakeClock } from "@/testing/fake-clock";

const problem = (status: number): Problem => ({
  type: "unauthenticated",
  title: "",
  status,
  detail: "",
  errors: [],
});
const people: Record<string, object> = {
  ann: { id: "ann", name: "Ann", email: "ann@example.com", role: "member" },
  bob: { id: "bob", name: "Bob", email: "bob@example.com", role: "member" },
};

let clock: FakeClock;
let calls: string[];
let outliving: string[];
let told: SessionNews[];
let cookieOf: string | null;
let given: number;
let isReachable: boolean;
let isMarked: boolean;
let session: Session;

const send = (path: string, options: RequestOptions = {}) => {
  calls.push(path);
  if (options.keepalive) outliving.push(path);
  if (!isReachable) return Promise.reject(new UnreachableError());
  const answer = (data: unknown) => Promise.resolve({ data, headers: new Headers() });
  if (path === "/api/auth/logout") cookieOf = null;
  if (path === "/api/auth/login" || path === "/api/auth/refresh") {
    if (path.endsWith("login")) cookieOf = "ann";
    if (cookieOf === null) return Promise.reject(new ProblemError(problem(401)));
    given += 1;
    return answer({ access_token: tokenFor(cookieOf), token_type: "Bearer", expires_in: 900 });
  }
  const [, claims] = (options.headers?.authorization ?? "").split(".");
  return answer(
    path === "/api/users/me" ? people[(JSON.parse(atob(claims!)) as { sub: string }).sub] : undefined,
  );
};

const tokenFor = (who: string) => `h.${btoa(JSON.stringify({ sub: who }))}.${given}`;

beforeEach(() => {
  clock = new FakeClock();
  calls = [];
  outliving = [];
  told = [];
  cookieOf = "ann";
  given = 0;
  isReachable = true;
  isMarked = true;
  session = new Session({
    send: send as Send,
    clock,
    random: () => 0.5,
    exclusively: (task) => task(),
    tell: (news) => told.push(news),
    mark: { isSet: () => isMarked, set: (isSignedIn) => (isMarked = isSignedIn) },
  });
});

const refreshes = () => calls.filter((path) => path === "/api/auth/refresh").length;

describe("starting", () => {
  it("asks nothing in a browser with which nobody has signed in, or from which they have left", async () => {
    isMarked = false;
    await session.start();
    expect(session.state()).toEqual({ phase: "signed_out", because: "nobody_yet" });
    expect(calls).toEqual([]);
    await session.login({ email: "ann@example.com", password: "password" });
    expect(isMarked).toBe(true);
    await session.logout();
    expect(isMarked).toBe(false);
  });

  it("signs in silently by the cookie", async () => {
    await session.start();
    expect(session.state()).toEqual({ phase: "signed_in", me: people.ann });
  });

  it("shows the door when there is no cookie", async () => {
    cookieOf = null;
    await session.start();
    expect(session.state()).toEqual({ phase: "signed_out", because: "nobody_yet" });
  });

  it("keeps trying while the server cannot be reached", async () => {
    isReachable = false;
    await session.start();
    expect(session.state().phase).toBe("unreachable");
    isReachable = true;
    await clock.pass(5_000);
    expect(session.state().phase).toBe("signed_in");
  });
});

describe("the access token", () => {
  beforeEach(() => session.start());

  it("is refreshed by a request that outlives the page, since the cookie is replaced with it", () => {
    expect(outliving).toEqual(["/api/auth/refresh"]);
  });

  it("is kept until shortly before it ends", async () => {
    const first = await session.token(null);
    await clock.pass(884_000);
    expect(await session.token(null)).toBe(first);
    await clock.pass(2_000);
    expect(await session.token(null)).not.toBe(first);
    expect(refreshes()).toBe(2);
  });

  it("is refreshed once for all who ask at the same time", async () => {
    const worn = await session.token(null);
    const fresh = await Promise.all([session.token(worn), session.token(worn), session.token(worn)]);
    expect(new Set(fresh).size).toBe(1);
    expect(refreshes()).toBe(2);
  });

  it("that another window refreshed is taken over", async () => {
    const worn = await session.token(null);
    given = 50;
    session.hear({
      kind: "token",
      answer: { access_token: tokenFor("ann"), token_type: "Bearer", expires_in: 900 },
    });
    expect((await session.token(worn)).value).toBe(tokenFor("ann"));
    expect(refreshes()).toBe(1);
  });

  it("of somebody else, who signed in in another window, makes this window theirs", async () => {
    cookieOf = "bob";
    await expect(session.token(await session.token(null))).rejects.toBeInstanceOf(SessionEndedError);
    expect(session.state()).toEqual({ phase: "signed_in", me: people.bob });
    expect((await session.token(null)).value).toBe(tokenFor("bob"));
  });

  it("that cannot be refreshed any more ends the session", async () => {
    cookieOf = null;
    await expect(session.token(await session.token(null))).rejects.toBeInstanceOf(SessionEndedError);
    expect(session.state()).toEqual({ phase: "signed_out", because: "ended" });
  });

  it("that cannot be refreshed for now changes nothing", async () => {
    isReachable = false;
    await expect(session.token(await session.token(null))).rejects.toBeInstanceOf(UnreachableError);
    expect(session.state().phase).toBe("signed_in");
  });
});

describe("a request", () => {
  beforeEach(() => session.start());

  const refusing = (times: number) => {
    const used: string[] = [];
    const sending: Send = (_path, options = {}) => {
      used.push(options.headers?.authorization ?? "");
      if (used.length <= times) return Promise.reject(new ProblemError(problem(401)));
      return Promise.resolve({ data: undefined as never, headers: new Headers() });
    };
    return { used, sending };
  };

  it("that is refused with 401 is sent once more, with a new token", async () => {
    const { used, sending } = refusing(1);
    await session.authorised(sending)("/api/tasks");
    expect(used).toHaveLength(2);
    expect(used[0]).not.toBe(used[1]);
  });

  it("that is refused twice is given up", async () => {
    const { used, sending } = refusing(9);
    await expect(session.authorised(sending)("/api/tasks")).rejects.toBeInstanceOf(ProblemError);
    expect(used).toHaveLength(2);
  });
});

describe("leaving", () => {
  it("signs out here and in the other windows", async () => {
    await session.start();
    await session.logout();
    expect(session.state()).toEqual({ phase: "signed_out", because: "left" });
    expect(told.at(-1)).toEqual({ kind: "signed_out" });
  });

  it("in another window signs out here", async () => {
    await session.start();
    session.hear({ kind: "signed_out" });
    expect(session.state()).toEqual({ phase: "signed_out", because: "left" });
    expect(calls).not.toContain("/api/auth/logout");
  });
});

describe("a new name", () => {
  it("is heard from another window of the same person, and of nobody else", async () => {
    await session.start();
    const before = session.state();
    session.hear({ kind: "renamed", me: { id: "bob", name: "Robert", email: "", role: "member" } });
    expect(session.state()).toEqual(before);
    const renamed = { id: "ann", name: "Anna", email: "ann@example.com", role: "member" as const };
    session.hear({ kind: "renamed", me: renamed });
    expect(session.state()).toEqual({ phase: "signed_in", me: renamed });
  });
});
