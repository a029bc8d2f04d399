import { act, fireEvent, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { whenNext } from "@/features/notifications/digest-settings";
import { NotificationPreferences } from "@/features/notifications/notification-preferences";
import type { Preferences } from "@/features/notifications/preferences-store";
import type { Answer, RequestOptions, Send } from "@/lib/http";
import { ProblemError, UnreachableError } from "@/lib/problems";
import { settle } from "@/testing/fake-clock";
import { FakeSystem } from "@/testing/fake-feed";

let system: FakeSystem;
let stored: Preferences;
let refuse: Error | null;

const send: Send = <T,>(_path: string, { method = "GET", body }: RequestOptions = {}): Promise<Answer<T>> => {
  if (refuse !== null) return Promise.reject(refuse);
  if (method === "PUT") stored = body as Preferences;
  return Promise.resolve({ data: stored as T, headers: new Headers() });
};

beforeEach(() => {
  system = new FakeSystem();
  system.api = { ...system.api, notifications: send };
  stored = {
    timezone: "UTC",
    daily_at: "09:00",
    types: {
      task_assigned: "instant",
      status_changed: "instant",
      comment_added: "instant",
      invoice_overdue: "off",
    },
  };
  refuse = null;
});

async function show(path = "/preferences") {
  await system.show(<NotificationPreferences />, path);
  await act(settle);
}

const choice = (type: string, name: string) =>
  within(screen.getByRole("radiogroup", { name: type })).getByRole<HTMLInputElement>("radio", { name });

describe("the choice of each type", () => {
  it("is there for Taskify's own, and in words for kinds of other services", async () => {
    await show();
    const types = screen.getAllByRole("radiogroup").map((group) => group.getAttribute("aria-labelledby"));
    expect(types.map((id) => document.getElementById(id ?? "")?.textContent)).toEqual([
      "Assignments",
      "Status changes",
      "Comments",
      "Invoice overdue",
    ]);
    expect(choice("Comments", "Instant").checked).toBe(true);
    expect(choice("Invoice overdue", "Off").checked).toBe(true);
  });

  it("is saved as it is made, and said", async () => {
    vi.useFakeTimers();
    await show();
    fireEvent.click(choice("Comments", "Daily"));
    expect(choice("Comments", "Daily").checked).toBe(true);
    await act(settle);
    expect(stored.types.comment_added).toBe("daily");
    expect(screen.getByText("Saved")).toBeTruthy();
    act(() => void vi.advanceTimersByTime(100));
    expect(screen.getByRole("status", { name: "Announcements" }).textContent).toBe("Saved. Comments: Daily");
    vi.useRealTimers();
  });

  it("is taken back when it is refused, with a word", async () => {
    await show();
    refuse = new UnreachableError();
    await userEvent.setup().click(choice("Comments", "Off"));
    await act(settle);
    expect(choice("Comments", "Instant").checked).toBe(true);
    const messages = within(screen.getByRole("region", { name: "Messages" }));
    expect(messages.getByText("Not saved: Comments: Off")).toBeTruthy();
  });

  it("that the address names has the focus", async () => {
    await show("/preferences#status_changed");
    expect(document.activeElement).toBe(choice("Status changes", "Instant"));
  });
});

describe("when digests come", () => {
  const at = Date.parse("2026-06-01T10:20:00Z");
  const said = (about: Partial<Preferences>) =>
    whenNext({ ...stored, ...about }, at).replaceAll("\u202f", " ");

  it("is said for what is chosen, by the person's clock", () => {
    expect(said({})).toBe("You have no digest: nothing above is hourly or daily.");
    expect(said({ timezone: "Europe/Berlin", types: { a: "hourly" } })).toBe(
      "The next hourly digest comes today at 1:00 PM, if anything waits.",
    );
    expect(said({ types: { a: "daily", b: "hourly" } })).toBe(
      "The next hourly digest comes today at 11:00 AM, the next daily one tomorrow at 9:00 AM, if anything waits.",
    );
  });

  it("can be chosen: the zone of this device is offered to who has chosen none", async () => {
    const here = { ...new Intl.DateTimeFormat().resolvedOptions(), timeZone: "Europe/Berlin" };
    vi.spyOn(Intl.DateTimeFormat.prototype, "resolvedOptions").mockReturnValue(here);
    await show();
    await userEvent.setup().click(screen.getByRole("button", { name: "Use Berlin time" }));
    await act(settle);
    expect(stored.timezone).toBe("Europe/Berlin");
    expect(screen.queryByRole("button", { name: "Use Berlin time" })).toBeNull();
    await userEvent.setup().selectOptions(screen.getByLabelText("Time zone"), "Tokyo");
    await act(settle);
    expect(stored.timezone).toBe("Asia/Tokyo");
  });

  it("takes the time when it has been typed, not digit by digit, and never none", async () => {
    await show();
    const time = screen.getByLabelText<HTMLInputElement>("Daily digest at");
    fireEvent.change(time, { target: { value: "01:00" } });
    fireEvent.change(time, { target: { value: "18:30" } });
    expect(stored.daily_at).toBe("09:00");
    fireEvent.keyDown(time, { key: "Enter" });
    await act(settle);
    expect(stored.daily_at).toBe("18:30");
    fireEvent.change(time, { target: { value: "" } });
    fireEvent.blur(time);
    expect(time.value).toBe("18:30");
  });

  it("says what the server does not accept", async () => {
    await show();
    const errors = [{ where: "body.timezone", message: "there is no such time zone" }];
    refuse = new ProblemError({ type: "invalid_request", title: "", status: 422, detail: "", errors });
    await userEvent.setup().selectOptions(screen.getByLabelText("Time zone"), "Tokyo");
    await act(settle);
    expect(screen.getByText("there is no such time zone")).toBeTruthy();
    expect(screen.getByLabelText<HTMLSelectElement>("Time zone").value).toBe("UTC");
  });
});

describe("loading", () => {
  it("that fails says so, and goes on when the network is back", async () => {
    refuse = new UnreachableError();
    await show();
    expect(screen.getByRole("alert").textContent).toContain("Your preferences could not be loaded");
    refuse = null;
    act(() => void window.dispatchEvent(new Event("online")));
    await act(settle);
    expect(screen.getByRole("radiogroup", { name: "Comments" })).toBeTruthy();
  });
});
