import { act, fireEvent, screen, within } from "@testing-library/react";
import { beforeEach, expect, it } from "vitest";

import { Comments } from "@/features/tasks/comments";
import { settle } from "@/testing/fake-clock";
import { aTask, FakeTasks } from "@/testing/fake-tasks";

let fake: FakeTasks;

beforeEach(() => {
  fake = new FakeTasks();
  fake.tasks.set("a", aTask({ id: "a" }));
  const about = { task_id: "a", body: "Words", created_at: "2030-01-01T10:00:00Z" };
  fake.comments.push({ ...about, id: "mine", author: { id: "ann", name: "Ann" } });
  fake.comments.push({ ...about, id: "theirs", author: { id: "bob", name: "Bob" } });
});

const show = () =>
  fake.show(
    <Comments taskId="a" comments={fake.comments} isTruncated={false} onChanged={() => Promise.resolve()} />,
  );
const removes = () => screen.queryAllByRole("button", { name: "Delete comment" });

it("a comment is deleted only after a question", async () => {
  await show();
  expect(removes()).toHaveLength(1);
  fireEvent.click(removes()[0]!);
  const dialog = within(screen.getByRole("dialog", { name: "Delete this comment?" }));
  fireEvent.click(dialog.getByRole("button", { name: "Cancel" }));
  expect(fake.comments).toHaveLength(2);
  fireEvent.click(removes()[0]!);
  fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Delete comment" }));
  await act(settle);
  expect(fake.comments.map(({ id }) => id)).toEqual(["theirs"]);
});

it("an administrator may delete what others said", async () => {
  fake.me = { ...fake.me, role: "administrator" };
  await show();
  expect(removes()).toHaveLength(2);
});
