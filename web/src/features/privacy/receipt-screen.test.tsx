import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { ErasureReceipt } from "@/features/privacy/api";
import { LOOK_AGAIN_MS, receiptAt, receiptPath, ReceiptScreen } from "@/features/privacy/receipt-screen";
import type { Answer, Send } from "@/lib/http";
import { ProblemError } from "@/lib/problems";

let receipt: ErasureReceipt | null;
let asked: string[];

const send: Send = <T,>(path: string): Promise<Answer<T>> => {
  asked.push(path);
  if (receipt === null)
    return Promise.reject(
      new ProblemError({ type: "not_found", title: "", status: 404, detail: "no", errors: [] }),
    );
  return Promise.resolve({ data: receipt as T, headers: new Headers() });
};

const waiting: ErasureReceipt = {
  id: "r1",
  requested_at: "2026-03-01T10:00:00Z",
  completed_at: null,
  services: [
    {
      service: "task-service",
      state: "complete",
      completed_at: "2026-03-01T10:00:00Z",
      removed: [{ what: "sessions", count: 2 }],
      pending: [],
    },
    { service: "notification-worker", state: "waiting", completed_at: null, removed: [], pending: [] },
  ],
};

const passes = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  receipt = waiting;
});

afterEach(() => vi.useRealTimers());

describe("the receipt of an erasure", () => {
  it("has an address of its own", () => {
    expect(receiptAt(receiptPath("r1"))).toBe("r1");
    expect(receiptAt("/tasks/r1")).toBeNull();
    expect(receiptAt("/erasures/")).toBeNull();
  });

  it("is looked at again until every service has answered", async () => {
    render(<ReceiptScreen id="r1" send={send} />);
    await passes(0);
    expect(screen.getByText("Sessions")).toBeTruthy();
    expect(screen.getByText("On its way…")).toBeTruthy();

    receipt = {
      ...waiting,
      services: waiting.services.map((each) =>
        each.state === "waiting"
          ? {
              ...each,
              state: "pending" as const,
              removed: [{ what: "notifications", count: 12 }],
              pending: [{ what: "delivery_stream", gone_by: "2026-03-01T10:30:00Z" }],
            }
          : each,
      ),
    };
    await passes(LOOK_AGAIN_MS);
    expect(screen.queryByText("On its way…")).toBeNull();
    expect(screen.getByText(/^Delivery stream: gone by/u)).toBeTruthy();

    const looks = asked.length;
    await passes(LOOK_AGAIN_MS * 5);
    expect(asked.length).toBe(looks);
  });

  it("says when there is none", async () => {
    receipt = null;
    render(<ReceiptScreen id="nothing" send={send} />);
    await passes(0);
    expect(screen.getByText("There is no such receipt")).toBeTruthy();
  });
});
