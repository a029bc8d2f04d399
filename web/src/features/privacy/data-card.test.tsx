import { act, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { ExportStatus } from "@/features/privacy/api";
import { DataCard } from "@/features/privacy/data-card";
import { ASK_AGAIN_MS } from "@/features/privacy/use-export";
import type { SessionState } from "@/features/session/session";
import { ApiContext } from "@/lib/api-context";
import type { Answer, RequestOptions, Send } from "@/lib/http";
import { ProblemError } from "@/lib/problems";
import { settle } from "@/testing/fake-clock";
import { FakeSystem } from "@/testing/fake-feed";
import { showSignedIn, type Opened } from "@/testing/fake-session";

const PASSWORD = "a good password";

let system: FakeSystem;
let opened: Opened;
let exported: ExportStatus | null;
let begun: number;
let saved: { name: string; content: string }[];

const refusal = (status: number, type: ProblemError["problem"]["type"]) =>
  new ProblemError({ type, title: "", status, detail: "no", errors: [] });

const status = (
  state: ExportStatus["state"],
  notifications: "gathering" | "complete" | "missing",
): ExportStatus => ({
  id: "x1",
  state,
  requested_at: "2026-03-01T10:00:00Z",
  expires_at: "2026-03-02T10:00:00Z",
  services: [
    { service: "task-service", state: "complete" },
    { service: "notification-worker", state: notifications },
  ],
  file: state === "ready" ? "/api/users/me/export/x1/file" : null,
});

/** The task service, as far as this card asks it. */
const send: Send = <T,>(
  path: string,
  { method = "GET", body, as }: RequestOptions = {},
): Promise<Answer<T>> => {
  const answer = (data: unknown) => Promise.resolve({ data: data as T, headers: new Headers() });
  if (path === "/api/users/me/export") {
    begun += 1;
    exported = status("gathering", "gathering");
    return answer(exported);
  }
  if (path === "/api/users/me/export/x1")
    return exported === null ? Promise.reject(refusal(404, "not_found")) : answer(exported);
  if (path === "/api/users/me/export/x1/file" && as === "file") return answer(new Blob(["{}"]));
  if (path === "/api/users/me" && method === "DELETE") {
    if ((body as { password: string }).password !== PASSWORD)
      return Promise.reject(refusal(403, "forbidden"));
    return answer({ id: "r1", requested_at: "", completed_at: null, services: [] });
  }
  return answer(
    path === "/api/users/me"
      ? system.api.me
      : { access_token: "h.e.s", token_type: "Bearer", expires_in: 900 },
  );
};

function page(state: SessionState) {
  if (state.phase === "erased") return <p>erased: {state.receiptId}</p>;
  if (state.phase !== "signed_in") return null;
  return (
    <ApiContext value={{ ...system.api, tasks: send }}>
      <DataCard />
    </ApiContext>
  );
}

async function open() {
  opened = await showSignedIn(system, send, page);
}

beforeEach(() => {
  system = new FakeSystem();
  exported = null;
  begun = 0;
  saved = [];
  sessionStorage.clear();
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:file");
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    saved.push({ name: this.download, content: this.href });
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const press = async (name: string) => {
  await userEvent.click(screen.getByRole("button", { name }));
  await act(settle);
};

const passes = async (ms: number) => {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
    await settle();
  });
};

describe("a copy of one's data", () => {
  it("is asked for once, watched while it is gathered, and then there to download", async () => {
    await open();
    await press("Get a copy");
    expect(begun).toBe(1);
    expect(screen.getByText("Notifications and preferences")).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Gathering…" }).disabled).toBe(true);

    exported = status("gathering", "missing");
    await passes(ASK_AGAIN_MS);
    expect(screen.getByText("late; we go on asking")).toBeTruthy();

    exported = status("ready", "complete");
    await passes(ASK_AGAIN_MS);
    await press("Download");
    expect(saved.map(({ name }) => name.startsWith("taskify-data-"))).toEqual([true]);
  });

  it("is found again by a page that was loaded anew", async () => {
    sessionStorage.setItem("taskify.export", "x1");
    exported = status("ready", "complete");
    await open();
    await passes(0);
    expect(screen.getByRole("button", { name: "Download" })).toBeTruthy();
    expect(begun).toBe(0);
  });

  it("of somebody else who used this window is forgotten", async () => {
    sessionStorage.setItem("taskify.export", "x1");
    await open();
    await passes(0);
    expect(screen.getByRole("button", { name: "Get a copy" })).toBeTruthy();
    expect(sessionStorage.getItem("taskify.export")).toBeNull();
  });
});

describe("deleting the account", () => {
  it("asks for the password, and says when it is wrong", async () => {
    await open();
    await press("Delete account…");
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Delete my account" }).disabled).toBe(true);
    await userEvent.type(screen.getByLabelText("Your password"), "wrong");
    await press("Delete my account");
    expect(screen.getByText("This is not your password.")).toBeTruthy();
    expect(opened.told.some(({ kind }) => kind === "signed_out")).toBe(false);
  });

  it("leaves nobody signed in, in any window, and a receipt", async () => {
    await open();
    await press("Delete account…");
    await userEvent.type(screen.getByLabelText("Your password"), PASSWORD);
    await press("Delete my account");
    expect(screen.getByText("erased: r1")).toBeTruthy();
    expect(opened.told.at(-1)).toEqual({ kind: "signed_out" });
  });

  it("is not done by who cancels", async () => {
    await open();
    await press("Delete account…");
    await press("Cancel");
    expect(screen.queryByLabelText("Your password")).toBeNull();
    expect(opened.session.state().phase).toBe("signed_in");
  });
});
