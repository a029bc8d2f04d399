import { beforeEach, describe, expect, it } from "vitest";

import {
  PreferencesStore,
  type Preferences,
  type PreferencesEvent,
} from "@/features/notifications/preferences-store";
import type { Answer, RequestOptions, Send } from "@/lib/http";
import { UnreachableError } from "@/lib/problems";
import { settle } from "@/testing/fake-clock";

let stored: Preferences;
let requests: { body: unknown; answer: () => void; fail: () => void }[];
let store: PreferencesStore;
let events: PreferencesEvent[];

/** The server, which answers when the test says so. */
const send: Send = <T>(_path: string, { body }: RequestOptions = {}): Promise<Answer<T>> =>
  new Promise((resolve, reject) => {
    requests.push({
      body,
      answer: () => {
        if (body !== undefined) stored = body as Preferences;
        resolve({ data: stored as T, headers: new Headers() });
      },
      fail: () => reject(new UnreachableError()),
    });
  });

const shown = () => store.state().shown;
const comments = (frequency: "hourly" | "daily" | "off") =>
  store.choose({ kind: "frequency", type: "comment_added", frequency });

async function answer(at: number, how: "answer" | "fail" = "answer") {
  requests[at]![how]();
  await settle();
}

beforeEach(async () => {
  stored = { timezone: "UTC", daily_at: "09:00", types: { comment_added: "instant", task_assigned: "off" } };
  requests = [];
  events = [];
  store = new PreferencesStore(send);
  store.onEvent((event) => events.push(event));
  void store.load();
  await answer(0);
});

describe("a choice", () => {
  it("shows at once, is saved with all the rest, and says so", async () => {
    comments("daily");
    expect(shown().types.comment_added).toBe("daily");
    expect(store.state().isSaving).toBe(true);
    await answer(1);
    expect(stored.types).toEqual({ comment_added: "daily", task_assigned: "off" });
    expect(events.map(({ kind }) => kind)).toEqual(["saved"]);
    expect(store.state().isSaving).toBe(false);
  });

  it("is taken back when it is refused", async () => {
    comments("off");
    await answer(1, "fail");
    expect(shown()).toEqual(stored);
    expect(events.map(({ kind }) => kind)).toEqual(["refused"]);
  });

  it("made during a save goes with the next one, together with the others", async () => {
    comments("hourly");
    comments("daily");
    store.choose({ kind: "timezone", timezone: "Europe/Berlin" });
    expect(requests).toHaveLength(2);
    await answer(1);
    expect(shown()).toMatchObject({ timezone: "Europe/Berlin", types: { comment_added: "daily" } });
    await answer(2);
    expect(stored).toMatchObject({ timezone: "Europe/Berlin", types: { comment_added: "daily" } });
    expect(requests).toHaveLength(3);
  });

  it("made during a save that is refused is sent all the same, without what was refused", async () => {
    comments("hourly");
    store.choose({ kind: "daily_at", dailyAt: "07:30" });
    await answer(1, "fail");
    await answer(2);
    expect(stored).toMatchObject({ daily_at: "07:30", types: { comment_added: "instant" } });
    expect(events.map(({ kind }) => kind)).toEqual(["refused", "saved"]);
  });
});

describe("loading", () => {
  it("fails with what went wrong, and can be tried again", async () => {
    const fresh = new PreferencesStore(send);
    void fresh.load();
    await answer(1, "fail");
    expect(fresh.state().status).toBe("failed");
    void fresh.load();
    expect(fresh.state().status).toBe("loading");
    await answer(2);
    expect(fresh.state().status).toBe("ready");
  });

  it("again keeps what is shown when it fails, and does not undo what is being saved", async () => {
    void store.load();
    await answer(1, "fail");
    expect(store.state().status).toBe("ready");
    void store.load();
    comments("off");
    await answer(2);
    expect(shown().types.comment_added).toBe("off");
  });
});
