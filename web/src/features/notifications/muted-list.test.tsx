import { act, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { MutedList } from "@/features/notifications/muted-list";
import { MUTED_PAGE } from "@/features/notifications/use-muted-list";
import type { Answer, RequestOptions, Send } from "@/lib/http";
import { ProblemError, UnreachableError } from "@/lib/problems";
import { settle } from "@/testing/fake-clock";
import { FakeSystem } from "@/testing/fake-feed";

let system: FakeSystem;
let muted: string[];
let refuse: Error | null;

const answer = <T,>(data: unknown): Promise<Answer<T>> =>
  Promise.resolve({ data: data as T, headers: new Headers() });

/** Pages of the muted tasks; the cursor is where the next begins. */
const notifications: Send = <T,>(
  path: string,
  { method = "GET" }: RequestOptions = {},
): Promise<Answer<T>> => {
  if (refuse !== null) return Promise.reject(refuse);
  const { pathname, searchParams } = new URL(path, "http://api");
  const id = pathname.split("/").at(-1) ?? "";
  if (method === "PUT") muted.unshift(id);
  if (method === "DELETE") muted = muted.filter((one) => one !== id);
  if (method !== "GET") return answer(undefined);
  const from = Number(searchParams.get("cursor") ?? 0);
  const to = from + Number(searchParams.get("limit"));
  const items = muted.slice(from, to).map((task_id) => ({ task_id, muted_at: "2030-01-01T11:00:00Z" }));
  return answer({ items, next_cursor: to < muted.length ? String(to) : null });
};

const tasks: Send = (path) => {
  const id = path.split("/").at(-1) ?? "";
  const problem = { type: "not_found" as const, title: "", status: 404, detail: "", errors: [] };
  return id === "gone" ? Promise.reject(new ProblemError(problem)) : answer({ title: `Task ${id}` });
};

beforeEach(() => {
  system = new FakeSystem();
  system.api = { ...system.api, notifications, tasks };
  muted = ["a", "gone", "b"];
  refuse = null;
});

async function show() {
  await system.show(<MutedList />);
  await act(settle);
}

const rows = () =>
  [...document.querySelectorAll<HTMLElement>("[data-muted]")].map(({ dataset }) => dataset.muted);

describe("the muted tasks", () => {
  it("have their titles as links; one that is gone says so", async () => {
    await show();
    expect(rows()).toEqual(["a", "gone", "b"]);
    expect(screen.getByRole("link", { name: "Task a" }).getAttribute("href")).toBe("/tasks/a");
    expect(screen.getByText("A task that is gone")).toBeTruthy();
  });

  it("are unmuted at once, with a way back, and the focus goes on", async () => {
    await show();
    const user = userEvent.setup();
    await user.click(screen.getByRole("button", { name: "Unmute: Task a" }));
    expect(rows()).toEqual(["gone", "b"]);
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Unmute: a task that is gone");
    await act(settle);
    expect(muted).toEqual(["gone", "b"]);
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await act(settle);
    expect(muted).toContain("a");
    expect(rows()).toContain("a");
  });

  it("stay when the server refuses", async () => {
    await show();
    refuse = new UnreachableError();
    await userEvent.setup().click(screen.getByRole("button", { name: "Unmute: Task b" }));
    await act(settle);
    expect(rows()).toEqual(["a", "gone", "b"]);
    expect(screen.getByText("The task is still muted")).toBeTruthy();
  });

  it("come a page at a time", async () => {
    muted = Array.from({ length: MUTED_PAGE + 2 }, (_, at) => String(at));
    await show();
    expect(rows()).toHaveLength(MUTED_PAGE);
    await userEvent.setup().click(screen.getByRole("button", { name: "Show more" }));
    await act(settle);
    expect(rows()).toEqual(muted);
    expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
  });

  it("say when there are none, and when they could not be loaded", async () => {
    refuse = new UnreachableError();
    await show();
    expect(screen.getByRole("alert").textContent).toContain("could not be loaded");
    refuse = null;
    muted = [];
    await userEvent.setup().click(screen.getByRole("button", { name: "Try again" }));
    await act(settle);
    expect(screen.getByText(/^No task is muted/u)).toBeTruthy();
  });
});
