import { act, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ANNOUNCEMENT_MS } from "@/components/announcer";
import { TOAST_MS } from "@/components/toasts";
import { ConnectionLine, PATIENCE_MS } from "@/features/notifications/connection-line";
import { LiveMessages } from "@/features/notifications/live-messages";
import { ASLEEP_MS, LONGEST_SETTLING_MS, SETTLED_MS } from "@/features/notifications/use-unseen";
import { UnreachableError } from "@/lib/problems";
import { settle } from "@/testing/fake-clock";
import { FakeSystem } from "@/testing/fake-feed";

let system: FakeSystem;

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: false });
  vi.spyOn(document, "hasFocus").mockReturnValue(true);
  system = new FakeSystem();
});

afterEach(() => vi.useRealTimers());

async function show(path = "/") {
  await system.show(
    <>
      <LiveMessages />
      <ConnectionLine />
    </>,
    path,
  );
}

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
const toasts = () => screen.queryAllByRole("button", { name: "Dismiss" });
const said = () => screen.getByRole("status", { name: "Announcements" }).textContent;

describe("what arrives live", () => {
  it("is a toast and an announcement, and goes by itself", async () => {
    await show();
    act(() => system.gateway.last.push(system.server.add("a", { message: "John assigned you ‘X’" })));
    expect(toasts()).toHaveLength(1);
    await pass(100);
    expect(said()).toBe("John assigned you ‘X’");
    await pass(TOAST_MS);
    expect(toasts()).toHaveLength(0);
  });

  it("stays while the pointer is on it, and goes when it is dismissed", async () => {
    await show();
    act(() => system.gateway.last.push(system.server.add("a")));
    fireEvent.pointerEnter(screen.getByText("Message a").closest("li")!);
    await pass(3 * TOAST_MS);
    expect(toasts()).toHaveLength(1);
    fireEvent.click(toasts()[0]!);
    expect(toasts()).toHaveLength(0);
  });

  it("is no toast for who looks at that very task", async () => {
    await show("/tasks/t1");
    act(() => system.gateway.last.push(system.server.add("a", { task_id: "t1" })));
    expect(toasts()).toHaveLength(0);
    act(() => system.gateway.last.push(system.server.add("b", { task_id: "t2" })));
    expect(toasts()).toHaveLength(1);
  });

  it("that is added to a row is the one toast of that row, for the whole time again", async () => {
    await show();
    const comment = { type: "comment_added", task_id: "t" };
    act(() => system.gateway.last.push(system.server.add("a", { ...comment, message: "Ann commented" })));
    await pass(TOAST_MS - 1_000);
    const joined = { ...comment, message: "Bob and 1 other commented", count: 2 };
    act(() => system.gateway.last.push(system.server.add("a", joined)));
    expect(toasts()).toHaveLength(1);
    expect(screen.getByText("Bob and 1 other commented")).toBeTruthy();
    expect(screen.getByText("2 comments · You are assigned")).toBeTruthy();
    await pass(TOAST_MS - 1_000);
    expect(toasts()).toHaveLength(1);
    await pass(1_000);
    expect(toasts()).toHaveLength(0);
  });

  it("is never a pile", async () => {
    await show();
    act(() => {
      for (const id of ["a", "b", "c", "d", "e"]) system.gateway.last.push(system.server.add(id));
    });
    expect(toasts()).toHaveLength(3);
  });

  it("in a burst is announced together, not one after another", async () => {
    await show();
    act(() => system.gateway.last.push(system.server.add("a")));
    await pass(100);
    act(() => {
      for (const id of ["b", "c", "d"]) system.gateway.last.push(system.server.add(id));
    });
    await pass(100);
    expect(said()).toBe("Message a");
    await pass(ANNOUNCEMENT_MS);
    expect(said()).toBe("3 new messages. The newest: Message d");
  });
});

describe("what came while away", () => {
  it("is one summary", async () => {
    await show();
    for (const id of ["a", "b", "c"]) system.server.add(id);
    act(() => system.gateway.last.push({ type: "RESYNC", payload: {} }));
    await act(settle);
    expect(toasts()).toHaveLength(1);
    expect(screen.getByText("3 new notifications while you were away")).toBeTruthy();
  });

  it("before the page was opened is neither a toast nor said", async () => {
    system.server.add("a");
    await show();
    await pass(1_000);
    expect(toasts()).toHaveLength(0);
    expect(said()).toBe("");
    expect(document.title).toBe("(1) Taskify");
  });
});

describe("what arrives while the window is hidden", () => {
  const look = (state: DocumentVisibilityState) => {
    vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
    act(() => void document.dispatchEvent(new Event("visibilitychange")));
  };

  it("is one summary when it is looked at again, of what is still unread", async () => {
    await show();
    look("hidden");
    act(() => {
      for (const id of ["a", "b", "c"]) system.gateway.last.push(system.server.add(id));
      system.gateway.last.push(system.server.read(["b"]));
    });
    expect(toasts()).toHaveLength(0);
    look("visible");
    expect(screen.getByText("2 new notifications while you were away")).toBeTruthy();
    look("hidden");
    look("visible");
    expect(toasts()).toHaveLength(1);
  });

  it("is a toast of its own when it is but one", async () => {
    await show();
    look("hidden");
    act(() => system.gateway.last.push(system.server.add("a")));
    look("visible");
    expect(screen.getByText("Message a")).toBeTruthy();
  });

  it("is nothing when all of it was read elsewhere", async () => {
    await show();
    look("hidden");
    act(() => system.gateway.last.push(system.server.add("a")));
    act(() => system.gateway.last.push(system.server.read(["a"])));
    look("visible");
    expect(toasts()).toHaveLength(0);
  });
});

describe("what waited while the page stood still, as when the computer sleeps", () => {
  it("is told in one when the page goes on, and what comes later by itself", async () => {
    await show();
    vi.setSystemTime(Date.now() + ASLEEP_MS + 1);
    act(() => {
      for (const id of ["a", "b", "c"]) system.gateway.last.push(system.server.add(id));
    });
    expect(toasts()).toHaveLength(0);
    await pass(SETTLED_MS);
    expect(screen.getByText("3 new notifications while you were away")).toBeTruthy();
    act(() => system.gateway.last.push(system.server.add("d")));
    expect(screen.getByText("Message d")).toBeTruthy();
    expect(toasts()).toHaveLength(2);
  });

  it("is not held for ever while more and more comes", async () => {
    await show();
    vi.setSystemTime(Date.now() + ASLEEP_MS + 1);
    const every = SETTLED_MS / 2;
    const most = LONGEST_SETTLING_MS / every;
    for (let number = 0; number < most; number++) {
      act(() => system.gateway.last.push(system.server.add(`n${number}`)));
      expect(toasts()).toHaveLength(0);
      await pass(every);
    }
    expect(screen.getByText(`${most} new notifications while you were away`)).toBeTruthy();
  });
});

describe("a refused mark", () => {
  it("is said in a toast and aloud", async () => {
    system.server.add("a");
    await show();
    system.answerMark = () => Promise.reject(new UnreachableError());
    act(() => system.feed.markRead("a"));
    await act(settle);
    expect(screen.getByText("Could not mark as read")).toBeTruthy();
    await pass(100);
    expect(said()).toBe("Could not mark as read");
  });
});

describe("the title of the document", () => {
  it("has the exact count, and is plain without one", async () => {
    await show();
    expect(document.title).toBe("Taskify");
    act(() => system.gateway.last.push(system.server.add("a")));
    expect(document.title).toBe("(1) Taskify");
    act(() => system.gateway.last.push(system.server.read(["a"])));
    expect(document.title).toBe("Taskify");
  });
});

describe("the icon of the tab", () => {
  it("has a dot while something is unread", async () => {
    const icon = document.createElement("link");
    icon.rel = "icon";
    document.head.append(icon);
    await show();
    expect(icon.getAttribute("href")).toBe("/favicon.svg");
    act(() => system.gateway.last.push(system.server.add("a")));
    expect(icon.getAttribute("href")).toBe("/favicon-unread.svg");
    act(() => system.gateway.last.push(system.server.read(["a"])));
    expect(icon.getAttribute("href")).toBe("/favicon.svg");
    icon.remove();
  });
});

describe("the line about the connection", () => {
  it("comes only when the trouble lasts, and goes with it", async () => {
    await show();
    act(() => system.gateway.last.end(1006));
    await pass(PATIENCE_MS - 1);
    expect(screen.queryByText("Reconnecting…")).toBeNull();
    await pass(1);
    expect(screen.getByText("Reconnecting…")).toBeTruthy();
    await act(() => system.clock.pass(1_000));
    act(() => {
      system.gateway.last.open();
      system.gateway.last.ready();
    });
    await act(settle);
    expect(screen.queryByText("Reconnecting…")).toBeNull();
  });

  it("says at once afterwards why this window is not live, and offers to try", async () => {
    await show();
    act(() => system.gateway.last.end(4409));
    await pass(PATIENCE_MS);
    expect(screen.getByText(/too many windows/u)).toBeTruthy();
    act(() => screen.getByRole("button", { name: "Try now" }).click());
    await act(settle);
    expect(system.gateway.connections).toHaveLength(2);
  });
});
