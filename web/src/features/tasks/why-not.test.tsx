import { act, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { MuteButton } from "@/features/tasks/mute-button";
import type { JudgedEvent } from "@/features/tasks/why-not";
import { WhyNotDialog } from "@/features/tasks/why-not-dialog";
import type { Answer, RequestOptions } from "@/lib/http";
import { UnreachableError } from "@/lib/problems";
import { settle } from "@/testing/fake-clock";
import { aTask, FakeTasks } from "@/testing/fake-tasks";

let fake: FakeTasks;
let judged: JudgedEvent[];
let muted: boolean;
let refuse: Error | null;

function happened(about: Partial<JudgedEvent> & { type: string }): JudgedEvent {
  const { type, ...rest } = about;
  const event = { source: "/task-service", id: `event-${judged.length}`, type, time: "2030-01-01T11:00:00Z" };
  return { event, actor_id: "bob", outcome: "told", notification_id: null, ...rest };
}

beforeEach(() => {
  fake = new FakeTasks();
  fake.tasks.set("a", aTask({ id: "a", title: "Fix login bug" }));
  judged = [];
  muted = false;
  refuse = null;
  fake.notifications = <T,>(path: string, { method = "GET" }: RequestOptions = {}): Promise<Answer<T>> => {
    const answer = (data: unknown) => Promise.resolve({ data: data as T, headers: new Headers() });
    if (refuse !== null) return Promise.reject(refuse);
    if (path.startsWith("/api/notifications/why-not?task_id=a")) return answer({ items: judged });
    if (method !== "GET") muted = method === "PUT";
    return answer(method === "GET" ? { muted_at: muted ? "2030-01-01T11:00:00Z" : null } : undefined);
  };
});

const rows = () =>
  within(screen.getByRole("list", { name: "What happened" }))
    .getAllByRole("listitem")
    .map((row) => row.querySelectorAll("p")[1]?.textContent);

async function showWhyNot() {
  await fake.show(<WhyNotDialog task={fake.tasks.get("a")!} onClose={() => undefined} />);
  await act(settle);
}

describe("why was I not told", () => {
  it("says of each event what became of it", async () => {
    const comment = "taskify.task.comment_added.v1";
    judged.push(happened({ type: comment, outcome: "own_action", actor_id: "ann" }));
    judged.push(happened({ type: comment, outcome: "muted" }));
    judged.push(happened({ type: comment, outcome: "preference" }));
    judged.push(happened({ type: comment, outcome: "waits_for_digest" }));
    judged.push(happened({ type: "taskify.task.status_changed.v1", outcome: "not_watching" }));
    judged.push(happened({ type: "taskify.task.assigned.v1", outcome: "not_the_assignee" }));
    judged.push(happened({ type: "taskify.task.status_changed.v1", outcome: "withdrawn" }));
    await showWhyNot();
    expect(rows()).toEqual([
      "You did this yourself",
      "You had muted this task",
      "You had turned comments off",
      "Waits for your next digest",
      "You were not watching then",
      "It was assigned to somebody else",
      "Taken back: it was undone within a minute",
    ]);
    expect(screen.getByText("You commented")).toBeTruthy();
  });

  it("leads to the choice, and to the notification", async () => {
    fake.system.server.add("n", { task_id: "a", link: "/tasks/a#comment-1" });
    judged.push(happened({ type: "taskify.task.comment_added.v1", outcome: "preference" }));
    judged.push(happened({ type: "taskify.task.comment_added.v1", notification_id: "n" }));
    await showWhyNot();
    expect(screen.getByRole("link", { name: "Preferences" }).getAttribute("href")).toBe(
      "/preferences#comment_added",
    );
    expect(screen.getByRole("link", { name: "Show" }).getAttribute("href")).toBe("/tasks/a#comment-1");
  });

  it("names who is known, and neither who was erased nor who is not", async () => {
    fake.me = { ...fake.me, id: "bob", name: "Bob" };
    const type = "taskify.task.assigned.v1";
    judged.push(happened({ type, actor_id: "bob" }));
    judged.push(happened({ type, actor_id: null }));
    judged.push(happened({ type, actor_id: "stranger" }));
    await showWhyNot();
    for (const words of ["You assigned it", "A former member assigned it", "Somebody assigned it"])
      expect(screen.getByText(words)).toBeTruthy();
  });

  it("says so when there is nothing, and when it could not be loaded", async () => {
    refuse = new UnreachableError();
    await showWhyNot();
    expect(screen.getByRole("alert").textContent).toContain("This could not be loaded");
    refuse = null;
    await userEvent.setup().click(screen.getByRole("button", { name: "Try again" }));
    await act(settle);
    expect(screen.getByText("Nothing to be told of")).toBeTruthy();
  });
});

describe("the mute button", () => {
  const button = (name: string) => screen.getByRole<HTMLButtonElement>("button", { name });

  it("shows what holds, changes it at once, and says what it means", async () => {
    await fake.show(<MuteButton taskId="a" />);
    await userEvent.setup().click(button("Mute"));
    expect(button("Muted")).toBeTruthy();
    await act(settle);
    expect(muted).toBe(true);
    expect(screen.getByText("Muted: you are told only when it is assigned to you")).toBeTruthy();
    await userEvent.setup().click(button("Muted"));
    await act(settle);
    expect(muted).toBe(false);
  });

  it("is taken back when the server refuses, and is not offered before it is known", async () => {
    refuse = new UnreachableError();
    await fake.show(<MuteButton taskId="a" />);
    expect(button("Mute").disabled).toBe(true);
    refuse = null;
    act(() => void window.dispatchEvent(new Event("focus")));
    await act(settle);
    refuse = new UnreachableError();
    await userEvent.setup().click(button("Mute"));
    await act(settle);
    expect(button("Mute")).toBeTruthy();
    expect(screen.getByText("The task was not muted")).toBeTruthy();
  });
});
