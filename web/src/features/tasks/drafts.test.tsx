import { act, fireEvent, screen } from "@testing-library/react";
import { useState } from "react";
import { Link, Route, Routes } from "react-router";
import { beforeEach, expect, it } from "vitest";

import { CreateTaskDialog } from "@/features/tasks/create-task-dialog";
import { Drafts, KEPT_DRAFTS } from "@/features/tasks/drafts";
import { TaskSheet } from "@/features/tasks/task-sheet";
import { settle } from "@/testing/fake-clock";
import { aTask, FakeTasks } from "@/testing/fake-tasks";

let fake: FakeTasks;

beforeEach(() => {
  fake = new FakeTasks();
  for (const id of ["a", "b"]) fake.tasks.set(id, aTask({ id, title: `Task ${id}` }));
});

const field = (name: string) => screen.getByRole<HTMLInputElement>("textbox", { name });
const write = (name: string, value: string) => fireEvent.change(field(name), { target: { value } });
const follow = async (name: string) => {
  fireEvent.click(screen.getByRole("link", { name }));
  await act(settle);
};
const press = async (name: string) => {
  fireEvent.click(screen.getByRole("button", { name }));
  await act(settle);
};

async function showSheet() {
  await fake.show(
    <>
      <Link to="/tasks/a">go to a</Link>
      <Link to="/tasks/b">go to b</Link>
      <Routes>
        <Route path="/tasks/:taskId" element={<TaskSheet />} />
        <Route path="*" element="closed" />
      </Routes>
    </>,
    "/tasks/a",
  );
}

it("a comment that is being written stays with its task", async () => {
  await showSheet();
  write("Write a comment", "Half a sent");
  await follow("go to b");
  expect(field("Write a comment").value).toBe("");
  await follow("go to a");
  expect(field("Write a comment").value).toBe("Half a sent");
  await press("Comment");
  expect(field("Write a comment").value).toBe("");
});

it("Escape in a comment that is being written does not close the task", async () => {
  await showSheet();
  write("Write a comment", "Half a sent");
  fireEvent.keyDown(field("Write a comment"), { key: "Escape" });
  expect(field("Write a comment").value).toBe("Half a sent");
  write("Write a comment", "");
  fireEvent.keyDown(field("Write a comment"), { key: "Escape" });
  expect(screen.getByText("closed", { exact: false })).toBeTruthy();
});

it("an open edit stays with its task, against the version that was seen", async () => {
  await showSheet();
  await press("Edit");
  write("Title", "Mine");
  fireEvent.keyDown(field("Title"), { key: "Escape" });
  await follow("go to b");
  expect(screen.queryByRole("textbox", { name: "Title" })).toBeNull();
  fake.change("a", { title: "Theirs" });
  await follow("go to a");
  expect(field("Title").value).toBe("Mine");
  await press("Save");
  expect(screen.getByRole("dialog", { name: /while you were editing/u })).toBeTruthy();
});

it("Escape leaves an edit in which nothing was written", async () => {
  await showSheet();
  await press("Edit");
  fireEvent.keyDown(field("Title"), { key: "Escape" });
  expect(screen.queryByRole("textbox", { name: "Title" })).toBeNull();
  await follow("go to b");
  await follow("go to a");
  expect(screen.queryByRole("textbox", { name: "Title" })).toBeNull();
});

function Creating() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button onClick={() => setOpen(true)}>open</button>
      {isOpen && <CreateTaskDialog status="todo" onClose={() => setOpen(false)} />}
    </>
  );
}

it("a new task that was not sent is there at the next opening, until it is cancelled", async () => {
  await fake.show(<Creating />);
  await press("open");
  write("Title", "Half a ta");
  fireEvent(screen.getByRole("dialog"), new Event("cancel", { cancelable: true }));
  expect(screen.queryByRole("dialog")).toBeNull();
  await press("open");
  expect(field("Title").value).toBe("Half a ta");
  await press("Cancel");
  await press("open");
  expect(field("Title").value).toBe("");
});

it("a dialog is closed by the backdrop only if the press began there", async () => {
  await fake.show(<Creating />);
  await press("open");
  const dialog = screen.getByRole("dialog");
  fireEvent.pointerDown(field("Title"));
  fireEvent.click(dialog);
  expect(screen.queryByRole("dialog")).not.toBeNull();
  fireEvent.pointerDown(dialog);
  fireEvent.click(dialog);
  expect(screen.queryByRole("dialog")).toBeNull();
});

it("drafts have a bound, at which the oldest goes", () => {
  const drafts = new Drafts();
  for (let at = 0; at <= KEPT_DRAFTS; at += 1) drafts.keepComment(`t${at}`, "words");
  expect(drafts.comment("t0")).toBe("");
  expect(drafts.comment("t1")).toBe("words");
});
