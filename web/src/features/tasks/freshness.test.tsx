import { act, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { REFRESH_MS } from "@/features/tasks/quiet-refresh";
import { TaskNews } from "@/features/tasks/task-news";
import { useTasks } from "@/features/tasks/tasks-context";
import { aTask, FakeTasks } from "@/testing/fake-tasks";

let fake: FakeTasks;

function Titles() {
  const { tasks, store } = useTasks();
  return (
    <>
      <p>{tasks.map(({ title }) => title).join()}</p>
      <button onClick={() => store.hold(true)}>take a card</button>
      <button onClick={() => void store.create({ title: "Mine" })}>create</button>
    </>
  );
}

beforeEach(() => {
  fake = new FakeTasks();
  fake.tasks.set("a", aTask({ id: "a", title: "Old" }));
});

describe("the board while it is looked at", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());
  const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

  it("shows what others change and notify nobody of", async () => {
    await fake.show(<Titles />);
    fake.change("a", { title: "Theirs" });
    await pass(1.2 * REFRESH_MS);
    expect(screen.getByText("Theirs")).toBeTruthy();
    fake.change("a", { title: "Theirs again" });
    await pass(1.2 * REFRESH_MS);
    expect(screen.getByText("Theirs again")).toBeTruthy();
  });

  it("asks nothing while it is hidden, and moves nothing while a card is held", async () => {
    await fake.show(<Titles />);
    const before = fake.calls.length;
    const visible = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    await pass(3 * REFRESH_MS);
    visible.mockReturnValue("visible");
    screen.getByText("take a card").click();
    await pass(3 * REFRESH_MS);
    expect(fake.calls.length).toBe(before);
  });
});

describe("another window of this browser", () => {
  it("is heard at once, and told", async () => {
    await fake.show(<Titles />);
    const told: string[] = [];
    const other = new TaskNews();
    other.subscribe((id) => told.push(id));
    const end = other.start();
    fake.change("a", { title: "From another window" });
    other.tell("a");
    expect(await screen.findByText("From another window")).toBeTruthy();
    screen.getByText("create").click();
    await waitFor(() => expect(told).toEqual(["new-1"]));
    end();
  });
});
