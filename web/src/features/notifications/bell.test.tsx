import { act, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";

import { Bell, badgeText } from "@/features/notifications/bell";
import { STEP } from "@/features/notifications/notification-list";
import { UnreachableError } from "@/lib/problems";
import { settle } from "@/testing/fake-clock";
import { FakeSystem } from "@/testing/fake-feed";

let system: FakeSystem;

// Fetched before, so that no test waits for it.
beforeAll(() => import("@/features/notifications/surfaces"));

beforeEach(() => {
  system = new FakeSystem();
});

const bell = () => screen.getByRole("button", { name: /^Notifications/u });

async function show() {
  await system.show(<Bell />);
}

async function openDropdown(user = userEvent.setup()) {
  await user.click(bell());
  await hasFocus();
}

/** It is fetched when it is first opened, and takes the focus once it is drawn. */
const hasFocus = () =>
  waitFor(() => expect(document.activeElement).toBe(screen.getByRole("dialog", { name: "Notifications" })));

describe("the bell", () => {
  it("has the exact count in its name, and none of it when nothing is unread", async () => {
    await show();
    expect(bell().getAttribute("aria-label")).toBe("Notifications");
    act(() => system.gateway.last.push(system.server.add("a")));
    expect(bell().getAttribute("aria-label")).toBe("Notifications, 1 unread");
  });

  it.each([
    [1, "1"],
    [99, "99"],
    [100, "99+"],
  ])("shows %i as %s in its badge", (count, text) => {
    expect(badgeText(count)).toBe(text);
  });
});

describe("the dropdown", () => {
  beforeEach(async () => {
    system.server.add("old", { message: "Older", link: "/tasks/1", reasons: ["assigned", "commented"] });
    system.server.add("new", { message: "Newer", link: "/tasks/2" });
    await show();
  });

  it("opens by the keyboard, goes through the rows by arrows, and gives the focus back on Escape", async () => {
    const user = userEvent.setup();
    await user.tab();
    await user.keyboard("{Enter}");
    await hasFocus();
    await user.keyboard("{ArrowDown}");
    expect(document.activeElement?.textContent).toBe("Unread: Newer");
    await user.keyboard("{ArrowDown}");
    expect(document.activeElement?.textContent).toBe("Unread: Older");
    await user.keyboard("{Home}");
    expect(document.activeElement?.textContent).toBe("Unread: Newer");
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(document.activeElement).toBe(bell());
  });

  it("closes by a press outside", async () => {
    const user = userEvent.setup();
    await openDropdown(user);
    await user.click(document.body);
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(bell().getAttribute("aria-expanded")).toBe("false");
  });

  it("reads nothing by being opened; following a link reads it", async () => {
    const user = userEvent.setup();
    await openDropdown(user);
    expect(system.marks).toEqual([]);
    await user.click(screen.getByRole("link", { name: /Newer/u }));
    expect(system.marks).toEqual([{ kind: "read", id: "new", seq: 2 }]);
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(bell().getAttribute("aria-label")).toBe("Notifications, 1 unread");
  });

  it("draws fifty more at a press, until there are no more", async () => {
    for (let at = 0; at < STEP; at += 1) act(() => system.gateway.last.push(system.server.add(`n${at}`)));
    await openDropdown();
    const rows = () => document.querySelectorAll("[data-notification]").length;
    expect(rows()).toBe(STEP);
    while (screen.queryByRole("button", { name: "Load more" }) !== null) {
      await userEvent.setup().click(screen.getByRole("button", { name: "Load more" }));
      await act(settle);
    }
    expect(rows()).toBe(STEP + 2);
    expect(screen.getByText("Notifications are kept for 30 days.")).toBeTruthy();
  });

  it("says why, in words", async () => {
    await openDropdown();
    const row = screen.getByRole("link", { name: /Older/u }).closest("li");
    expect(row?.textContent).toContain("You are assigned · You commented");
  });

  it("marks one as read and as unread again, and stays open", async () => {
    const user = userEvent.setup();
    await openDropdown(user);
    await user.click(screen.getByRole("button", { name: "Mark as read: Newer" }));
    await user.click(screen.getByRole("button", { name: "Mark as unread: Newer" }));
    expect(system.marks.map(({ kind }) => kind)).toEqual(["read", "unread"]);
    expect(screen.getByRole("dialog")).toBeTruthy();
  });

  it("marks all as read at once, and takes it back when the server refuses", async () => {
    const user = userEvent.setup();
    let refuse: (error: unknown) => void = () => undefined;
    system.answerMark = () => new Promise((_resolve, reject) => (refuse = reject));
    await openDropdown(user);
    await user.click(screen.getByRole("button", { name: "Mark all as read" }));
    expect(bell().getAttribute("aria-label")).toBe("Notifications");
    refuse(new UnreachableError());
    await act(settle);
    expect(bell().getAttribute("aria-label")).toBe("Notifications, 2 unread");
    const list = screen.getByRole("list", { name: "Notifications" });
    expect(within(list).getAllByText("Unread:")).toHaveLength(2);
  });
});
