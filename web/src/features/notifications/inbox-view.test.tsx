import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";

import { Bell } from "@/features/notifications/bell";
import { MEMBERS_STEP } from "@/features/notifications/use-members";
import { UnreachableError } from "@/lib/problems";
import type { Member } from "@/realtime/api";
import { settle } from "@/testing/fake-clock";
import { FakeSystem } from "@/testing/fake-feed";

let system: FakeSystem;
let user: ReturnType<typeof userEvent.setup>;

// Fetched before, so that no test waits for it.
beforeAll(() => import("@/features/notifications/surfaces"));

beforeEach(() => {
  system = new FakeSystem();
  user = userEvent.setup();
});

const bell = () => screen.getByRole("button", { name: /^Notifications/u });
const tab = (name: RegExp) => screen.getByRole("tab", { name });
const rows = () =>
  [...document.querySelectorAll<HTMLElement>("[data-notification]")].map((row) => row.dataset.notification);
const press = (name: string | RegExp) => user.click(screen.getByRole("button", { name }));
const push = (run: (server: FakeSystem["server"]) => Parameters<typeof system.gateway.last.push>[0]) =>
  act(async () => {
    system.gateway.last.push(run(system.server));
    await settle();
  });

async function openPanel() {
  await system.show(<Bell />);
  await user.keyboard("{Shift>}N{/Shift}");
  await hasFocus("Inbox");
}

async function openDropdown() {
  await system.show(<Bell />);
  await user.click(bell());
  await hasFocus("Notifications");
}

/** It is fetched when it is first opened, and takes the focus once it is drawn. */
const hasFocus = (name: string) =>
  waitFor(() => expect(document.activeElement).toBe(screen.getByRole("dialog", { name })));

function threeRows() {
  for (const id of ["a", "b", "c"]) system.server.add(id, { message: `Row ${id}` });
}

describe("the panel", () => {
  beforeEach(threeRows);

  it("opens on all that is unread, takes the focus, and gives it back on Escape", async () => {
    system.server.read(["b"]);
    await openPanel();
    expect(tab(/^Unread/u).getAttribute("aria-selected")).toBe("true");
    expect(rows()).toEqual(["c", "a"]);
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(document.activeElement).toBe(bell());
  });

  it("opens from the dropdown, and closes by its shortcut", async () => {
    await openDropdown();
    await press("Open all notifications");
    await hasFocus("Inbox");
    await user.keyboard("{Shift>}N{/Shift}");
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("has tabs that the arrows choose, over one tab panel with the name of the chosen one", async () => {
    system.server.read(["b"]);
    await openPanel();
    act(() => tab(/^Unread/u).focus());
    await user.keyboard("{ArrowRight}");
    expect(document.activeElement).toBe(tab(/^All/u));
    expect(screen.getByRole("tabpanel", { name: "All" })).toBeTruthy();
    await act(settle);
    expect(rows()).toEqual(["c", "b", "a"]);
    await user.keyboard("{Home}");
    expect(document.activeElement).toBe(tab(/^Unread/u));
  });
});

describe("marking", () => {
  beforeEach(threeRows);

  it("takes a row from the unread ones, and the focus goes on to the next", async () => {
    await openPanel();
    screen.getByRole("button", { name: "Mark as read: Row b" }).focus();
    await user.keyboard("{Enter}");
    expect(rows()).toEqual(["c", "a"]);
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Mark as read: Row a" }));
    await user.keyboard("{Enter}");
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Mark as read: Row c" }));
    await user.keyboard("{Enter}");
    expect(document.activeElement).toBe(screen.getByRole("dialog"));
    expect(screen.getByText("All caught up")).toBeTruthy();
  });

  it("can be undone", async () => {
    await openPanel();
    await press("Mark as read: Row b");
    await press("Undo");
    expect(rows()).toEqual(["c", "b", "a"]);
    expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
    await act(settle);
    expect(system.marks).toEqual([
      { kind: "read", id: "b", seq: 2 },
      { kind: "unread", ids: ["b"] },
    ]);
  });

  it("of all can be undone in one go", async () => {
    await openPanel();
    await press("Mark all as read");
    expect(within(screen.getByRole("dialog")).getByText("Marked 3 as read")).toBeTruthy();
    await press("Undo");
    await act(settle);
    expect(system.marks).toEqual([
      { kind: "all", upToSeq: 3 },
      { kind: "unread", ids: ["c", "b", "a"] },
    ]);
    expect(bell().getAttribute("aria-label")).toBe("Notifications, 3 unread");
  });

  it("offers no undo where the server has refused", async () => {
    system.answerMark = () => Promise.reject(new UnreachableError());
    await openPanel();
    await press("Mark as read: Row b");
    await act(settle);
    expect(rows()).toEqual(["c", "b", "a"]);
    expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
  });
});

describe("a list in which somebody reads", () => {
  beforeEach(threeRows);

  it("holds still: what is new waits behind a pill, also what joins a row", async () => {
    await openDropdown();
    await user.keyboard("{ArrowDown}");
    await push((server) => server.add("d", { message: "Row d" }));
    await push((server) => server.add("a", { message: "Row a, twice", count: 2 }));
    expect(rows()).toEqual(["c", "b", "a"]);
    expect(screen.getByText("Row a, twice")).toBeTruthy();
    await press("2 new notifications");
    expect(rows()).toEqual(["a", "d", "c", "b"]);
    expect(screen.queryByRole("button", { name: /new notification/u })).toBeNull();
  });

  it("moves on when what was pointed at vanished, and the pointer is elsewhere", async () => {
    await openDropdown();
    const list = screen.getByRole("list", { name: "Notifications" });
    await user.pointer({ target: list });
    await push((server) => server.add("d"));
    expect(rows()).toEqual(["c", "b", "a"]);
    // No `pointerleave`: it is lost with a menu that lay beyond the list.
    fireEvent.pointerMove(document.body);
    expect(rows()).toEqual(["d", "c", "b", "a"]);
  });

  it("moves at once when nobody does", async () => {
    await openDropdown();
    await push((server) => server.add("d"));
    expect(rows()).toEqual(["d", "c", "b", "a"]);
  });

  it("lets go what is removed", async () => {
    await openDropdown();
    await user.keyboard("{ArrowDown}");
    await push((server) => server.remove(["b"]));
    expect(rows()).toEqual(["c", "a"]);
  });
});

describe("a row of several", () => {
  const member = (at: number): Member => ({
    id: `m${at}`,
    type: "comment_added",
    message: `Comment ${at}`,
    task_id: "t",
    link: `/tasks/t#comment-${at}`,
    actor: null,
    reasons: [],
    created_at: "2030-01-01T10:00:00Z",
  });
  const members = () => [...document.querySelectorAll("[data-member]")].map((one) => one.textContent);

  beforeEach(() => {
    system.server.add("a", { type: "comment_added", message: "Ann commented", count: 3, link: "/tasks/t" });
    system.server.members.set("a", [member(3), member(2), member(1)]);
  });

  it("opens to its members, which are links that mark it read as it was seen", async () => {
    await openDropdown();
    const show = screen.getByRole("button", { name: "Show 3 comments" });
    expect(show.getAttribute("aria-expanded")).toBe("false");
    await user.click(show);
    await act(settle);
    expect(members()).toHaveLength(3);
    await user.click(screen.getByRole("link", { name: "Comment 2" }));
    expect(system.marks).toEqual([{ kind: "read", id: "a", seq: 1 }]);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("asks again when one more has joined", async () => {
    await openDropdown();
    await press("Show 3 comments");
    await act(settle);
    system.server.members.get("a")?.unshift(member(4));
    await push((server) => server.add("a", { type: "comment_added", message: "Ann commented", count: 4 }));
    expect(screen.getByRole("button", { name: "Hide 4 comments" })).toBeTruthy();
    expect(members()[0]).toContain("Comment 4");
  });

  it("says that they could not be loaded, and tries again", async () => {
    const { answerMembers } = system;
    system.answerMembers = () => Promise.reject(new UnreachableError());
    await openDropdown();
    await press("Show 3 comments");
    await act(settle);
    expect(within(screen.getByRole("alert")).getByText(/could not be loaded/u)).toBeTruthy();
    system.answerMembers = answerMembers;
    await press("Try again");
    await act(settle);
    expect(members()).toHaveLength(3);
  });

  it("shows some of many at first, and more at a press", async () => {
    const count = MEMBERS_STEP + 3;
    system.server.add("a", { type: "digest", message: "What waited", count });
    system.server.members.set(
      "a",
      Array.from({ length: count }, (_, at) => member(at)),
    );
    await openDropdown();
    await press(`Show ${count} notifications`);
    await act(settle);
    expect(members()).toHaveLength(MEMBERS_STEP);
    await press("Show more");
    await act(settle);
    expect(members()).toHaveLength(count);
    expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
  });
});

describe("with nothing to show", () => {
  it("there is a word for nothing unread and another for nothing at all", async () => {
    await openPanel();
    expect(screen.getByText("All caught up")).toBeTruthy();
    await user.click(tab(/^All/u));
    await act(settle);
    expect(screen.getByText("Nothing yet")).toBeTruthy();
  });

  it("what was read and is older than the history is not shown", async () => {
    system.server.add("old", { created_at: "2020-01-01T10:00:00Z", updated_at: "2020-01-01T10:00:00Z" });
    system.server.read(["old"]);
    system.server.add("older, unread", { created_at: "2019-01-01T10:00:00Z" });
    await openDropdown();
    expect(rows()).toEqual(["older, unread"]);
  });

  it("an older page that fails is said, and asked for again by a press", async () => {
    threeRows();
    system.answerPage = () => Promise.reject(new UnreachableError());
    await openDropdown();
    await act(async () => {
      system.feed.loadMore("all");
      await settle();
    });
    expect(rows()).toHaveLength(3);
    system.answerPage = (page) => Promise.resolve(page());
    await press("Try again");
    await act(settle);
    expect(screen.getByText("Notifications are kept for 30 days.")).toBeTruthy();
  });
});
