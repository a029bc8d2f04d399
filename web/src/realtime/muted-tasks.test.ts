import { waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Answer, RequestOptions, Send } from "@/lib/http";
import { UnreachableError } from "@/lib/problems";
import { KEPT_ANSWERS, MutedTasks } from "@/realtime/muted-tasks";
import { settle } from "@/testing/fake-clock";

interface Asked {
  method: string;
  taskId: string;
  answer: (isMuted: boolean) => void;
  fail: () => void;
}

/** The server, which answers when the test says so. */
let asked: Asked[];
let store: MutedTasks;
let end: () => void;

const MUTED_AT = "2030-01-01T11:00:00Z";

const send: Send = <T>(path: string, options: RequestOptions = {}): Promise<Answer<T>> =>
  new Promise<Answer<T>>((resolve, reject) => {
    asked.push({
      method: options.method ?? "GET",
      taskId: path.split("/").at(-1) ?? "",
      answer: (isMuted) =>
        resolve({ data: { muted_at: isMuted ? MUTED_AT : null } as T, headers: new Headers() }),
      fail: () => reject(new UnreachableError()),
    });
  });

beforeEach(() => {
  asked = [];
  store = new MutedTasks(send);
  end = store.start(window);
});

afterEach(() => end());

describe("what is known of a task", () => {
  it("is the server's answer, and nothing before it", async () => {
    store.follow("a");
    expect(store.state().get("a")).toBeUndefined();
    asked[0]!.answer(true);
    await settle();
    expect(store.state().get("a")).toBe(true);
    void store.ask("b");
    asked[1]!.answer(false);
    await settle();
    expect(store.state().get("b")).toBe(false);
  });

  it("stays when a question gets no answer", async () => {
    void store.ask("a");
    asked[0]!.answer(true);
    await settle();
    void store.ask("a");
    asked[1]!.fail();
    await settle();
    expect(store.state().get("a")).toBe(true);
  });

  it("is asked for again when the window is looked at, for as long as somebody follows", () => {
    const one = store.follow("a");
    const other = store.follow("a");
    one();
    window.dispatchEvent(new Event("focus"));
    expect(asked).toHaveLength(3);
    other();
    window.dispatchEvent(new Event("focus"));
    expect(asked).toHaveLength(3);
  });

  it("is bounded: the oldest answers are forgotten", async () => {
    for (let at = 0; at <= KEPT_ANSWERS; at += 1) {
      void store.ask(String(at));
      asked[at]!.answer(true);
      await settle();
    }
    expect(store.state().size).toBe(KEPT_ANSWERS);
    expect(store.state().has("0")).toBe(false);
  });
});

describe("a change", () => {
  it("shows at once, and is taken back when it is refused", async () => {
    const changed = store.change("a", true);
    expect(store.state().get("a")).toBe(true);
    await settle();
    asked[0]!.fail();
    await expect(changed).rejects.toThrow();
    expect(store.state().get("a")).toBeUndefined();
  });

  it("is sent after the one before it", async () => {
    const mute = store.change("a", true);
    const unmute = store.change("a", false);
    await settle();
    expect(asked.map(({ method }) => method)).toEqual(["PUT"]);
    asked[0]!.answer(true);
    await mute;
    await settle();
    expect(store.state().get("a")).toBe(false);
    asked[1]!.answer(true);
    await unmute;
    expect(asked.map(({ method }) => method)).toEqual(["PUT", "DELETE"]);
    expect(store.state().get("a")).toBe(false);
  });

  it("is not undone by the answer to a question from before it", async () => {
    void store.ask("a");
    const changed = store.change("a", true);
    await settle();
    asked[1]!.answer(true);
    await changed;
    asked[0]!.answer(false);
    await settle();
    expect(store.state().get("a")).toBe(true);
  });

  it("reaches the other windows", async () => {
    const other = new MutedTasks(send);
    const endOther = other.start(window);
    const changed = store.change("a", true);
    await settle();
    asked[0]!.answer(true);
    await changed;
    await waitFor(() => expect(other.state().get("a")).toBe(true));
    endOther();
  });
});
