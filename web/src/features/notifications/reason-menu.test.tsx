import { act, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { useLocation } from "react-router";

import { ReasonMenu } from "@/features/notifications/reason-menu";
import type { Notification } from "@/lib/contracts/frames.gen";
import type { Answer, RequestOptions, Send } from "@/lib/http";
import { UnreachableError } from "@/lib/problems";
import { settle } from "@/testing/fake-clock";
import { FakeSystem } from "@/testing/fake-feed";
import { aNotification } from "@/testing/fake-inbox-server";

let system: FakeSystem;
let calls: string[];
let muted: Set<string>;
let why: () => unknown;
let notification: Notification;

const WHY = "/api/notifications/n/why";

/** Both services, as far as the menu asks them. */
const send: Send = <T,>(path: string, { method = "GET" }: RequestOptions = {}): Promise<Answer<T>> => {
  calls.push(`${method} ${path}`);
  const answer = (data: unknown) => Promise.resolve({ data: data as T, headers: new Headers() });
  if (path === WHY) return Promise.resolve().then(() => answer(why()));
  if (method !== "GET") return answer(undefined);
  return answer({ muted_at: muted.has(path.split("/").at(-1) ?? "") ? "2030-01-01T11:00:00Z" : null });
};

function Address() {
  const { pathname, hash } = useLocation();
  return <p data-testid="address">{pathname + hash}</p>;
}

async function show() {
  await system.show(
    <>
      <ReasonMenu notification={notification} />
      <Address />
    </>,
  );
}

async function choose(name: string) {
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "More: Ann commented" }));
  await act(settle);
  await user.click(screen.getByRole("menuitem", { name }));
  await act(settle);
}

beforeEach(() => {
  system = new FakeSystem();
  system.api = { ...system.api, tasks: send, notifications: send };
  calls = [];
  muted = new Set();
  notification = aNotification({ id: "n", message: "Ann commented", type: "comment_added", task_id: "t" });
  why = () => ({
    event: {
      source: "/task-service",
      id: "event-1",
      type: "taskify.task.comment_added.v1",
      time: "2030-01-01T11:00:00Z",
    },
    reasons: ["assigned", "commented"],
    count: 1,
  });
});

describe("why am I told", () => {
  it("says the event, when it was, and every reason", async () => {
    notification = { ...notification, actor: { id: "ann", name: "Ann" } };
    await show();
    await choose("Why am I told?");
    const dialog = within(screen.getByRole("dialog", { name: "Why am I told?" }));
    const reasons = within(dialog.getByRole("list", { name: "Reasons" })).getAllByRole("listitem");
    expect(reasons.map(({ textContent }) => textContent)).toEqual([
      "The task was assigned to you.",
      "You commented on the task.",
    ]);
    expect(dialog.getAllByText("Ann commented")).toHaveLength(2);
    expect(dialog.getByText("event-1")).toBeTruthy();
    expect(dialog.getByText("the task service")).toBeTruthy();
  });

  it("does not say of several who did the first, which it does not know", async () => {
    const one = why() as object;
    why = () => ({ ...one, count: 3 });
    notification = { ...notification, actor: { id: "bob", name: "Bob" }, count: 3 };
    await show();
    await choose("Why am I told?");
    expect(screen.getByText("A comment was added")).toBeTruthy();
    expect(screen.getByText("3 times since you last read of it")).toBeTruthy();
  });

  it("says of a digest that it is many", async () => {
    why = () => ({ event: null, reasons: ["assigned"], count: 4 });
    await show();
    await choose("Why am I told?");
    expect(screen.getByText(/^4 updates waited/u)).toBeTruthy();
  });

  it("offers to try again when it cannot be loaded", async () => {
    const good = why;
    why = () => {
      throw new UnreachableError();
    };
    await show();
    await choose("Why am I told?");
    why = good;
    await userEvent.setup().click(screen.getByRole("button", { name: "Try again" }));
    await act(settle);
    expect(screen.getByRole("list", { name: "Reasons" })).toBeTruthy();
  });
});

describe("having less of it", () => {
  it("mutes the task, marks nothing by itself, and offers to mark what is unread of it", async () => {
    system.server.add("n", { task_id: "t" });
    system.server.add("other", { task_id: "t2" });
    await show();
    await choose("Mute this task");
    expect(calls).toContain("PUT /api/notifications/muted-tasks/t");
    expect(system.marks).toEqual([]);
    await userEvent.setup().click(screen.getByRole("button", { name: "Mark 1 unread as read" }));
    expect(system.marks.map((mark) => mark.kind === "read" && mark.id)).toEqual(["n"]);
  });

  it("unmutes a task that is muted", async () => {
    muted.add("t");
    await show();
    await choose("Unmute this task");
    expect(calls).toContain("DELETE /api/notifications/muted-tasks/t");
  });

  it("stops watching, and undoes it", async () => {
    await show();
    await choose("Stop watching this task");
    expect(calls.at(-1)).toBe("DELETE /api/tasks/t/watch");
    await userEvent.setup().click(screen.getByRole("button", { name: "Undo" }));
    await act(settle);
    expect(calls.at(-1)).toBe("PUT /api/tasks/t/watch");
    expect(screen.getByText("You watch the task again")).toBeTruthy();
  });

  it("leads to the choice about this type", async () => {
    await show();
    await choose("Turn down comments…");
    expect(screen.getByTestId("address").textContent).toBe("/preferences#comment_added");
  });

  it("offers nothing about a task where there is none", async () => {
    notification = { ...notification, type: "invoice_overdue", task_id: null };
    await show();
    await userEvent.setup().click(screen.getByRole("button", { name: "More: Ann commented" }));
    expect(screen.getAllByRole("menuitem").map(({ textContent }) => textContent)).toEqual([
      "Why am I told?",
      "Turn down ‘Invoice overdue’…",
    ]);
  });
});
