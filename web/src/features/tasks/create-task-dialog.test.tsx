import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { Link } from "react-router";
import { expect, it } from "vitest";

import { CreateTaskDialog } from "@/features/tasks/create-task-dialog";
import { useTasks } from "@/features/tasks/tasks-context";
import { settle } from "@/testing/fake-clock";
import { FakeTasks } from "@/testing/fake-tasks";

function Page() {
  const { tasks } = useTasks();
  const [isOpen, setOpen] = useState(true);
  return (
    <>
      {tasks.map(({ id, title }) => (
        <Link key={id} to={`/tasks/${id}`} data-card={id}>
          {title}
        </Link>
      ))}
      {isOpen && <CreateTaskDialog status="todo" onClose={() => setOpen(false)} />}
    </>
  );
}

it("a task that is created can be opened from its toast, and has the focus that nobody had", async () => {
  await new FakeTasks().show(<Page />);
  fireEvent.change(screen.getByRole("textbox", { name: "Title" }), { target: { value: "New" } });
  fireEvent.click(screen.getByRole("button", { name: "Create task" }));
  await act(settle);
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("link", { name: "New" })));
  expect(screen.getByRole("button", { name: "Open" })).toBeTruthy();
});
