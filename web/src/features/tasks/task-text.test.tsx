import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";

import { TaskText } from "@/features/tasks/task-text";
import { useTasks } from "@/features/tasks/tasks-context";
import { settle } from "@/testing/fake-clock";
import { aTask, FakeTasks } from "@/testing/fake-tasks";

let fake: FakeTasks;

beforeEach(() => {
  fake = new FakeTasks();
  fake.tasks.set("a", aTask({ id: "a", title: "Old", description: "Old words" }));
});

function Shown() {
  const task = useTasks().tasks.find(({ id }) => id === "a");
  return task === undefined ? null : <TaskText task={task} />;
}

const press = async (name: string) => {
  fireEvent.click(screen.getByRole("button", { name }));
  await act(settle);
};
const field = (name: string) => screen.getByRole<HTMLInputElement>("textbox", { name });
const write = (name: string, value: string) => fireEvent.change(field(name), { target: { value } });
const conflict = () => screen.queryByRole("dialog", { name: "This task was changed while you were editing" });

async function edit(name: string, value: string) {
  await fake.show(<Shown />);
  await press("Edit");
  write(name, value);
}

describe("a conflict", () => {
  it("is left by Escape with the edit as it was", async () => {
    await edit("Title", "Mine");
    fake.change("a", { title: "Theirs" });
    await press("Save");
    fireEvent.keyDown(screen.getByRole("button", { name: "Keep mine" }), { key: "Escape" });
    fireEvent(conflict()!, new Event("cancel", { cancelable: true }));
    expect(conflict()).toBeNull();
    expect(field("Title").value).toBe("Mine");
    await waitFor(() => expect(document.activeElement).toBe(field("Title")));
  });

  it("is none when only the status was changed meanwhile", async () => {
    await edit("Title", "Mine");
    fake.change("a", { status: "done" });
    await press("Save");
    expect(conflict()).toBeNull();
    expect(fake.tasks.get("a")).toMatchObject({ title: "Mine", status: "done" });
  });

  it("that is won writes only what was changed here", async () => {
    await edit("Title", "Mine");
    fake.change("a", { title: "Theirs", description: "Their words" });
    await press("Save");
    const mine = within(screen.getByRole("region", { name: "Your version" }));
    expect(mine.getByText("Their words")).toBeTruthy();
    await press("Keep mine");
    expect(fake.changes).toEqual([{ title: "Mine" }]);
    expect(fake.tasks.get("a")).toMatchObject({ title: "Mine", description: "Their words" });
  });
});
