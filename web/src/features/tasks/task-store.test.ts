import { beforeEach, describe, expect, it } from "vitest";

import { ConflictError, type Task, type TasksApi } from "@/features/tasks/api";
import { TaskStore } from "@/features/tasks/task-store";
import type { Problem } from "@/lib/contracts/problem.gen";
import { ProblemError, UnreachableError } from "@/lib/problems";

const notFound: Problem = { type: "not_found", title: "", status: 404, detail: "", errors: [] };

function aTask(about: Partial<Task> & { id: string }): Task {
  return {
    title: `Task ${about.id}`,
    description: "",
    status: "todo",
    assignee: null,
    creator: { id: "ann", name: "Ann" },
    version: 1,
    created_at: "2030-01-01T10:00:00Z",
    updated_at: "2030-01-01T10:00:00Z",
    ...about,
  };
}

let held: Map<string, Task>;
let gate: Promise<void>;
let store: TaskStore;

beforeEach(() => {
  held = new Map([["a", aTask({ id: "a" })]]);
  gate = Promise.resolve();
  const api: Partial<TasksApi> = {
    list: async () => {
      const items = [...held.values()];
      await gate;
      return { items, isTruncated: false };
    },
    users: () => Promise.resolve([{ id: "ann", name: "Ann" }]),
    get: (id) => {
      const task = held.get(id);
      return task === undefined ? Promise.reject(new ProblemError(notFound)) : Promise.resolve(task);
    },
    create: (body) => {
      const task = aTask({ id: "new", title: body.title });
      held.set("new", task);
      return Promise.resolve(task);
    },
    change: async (id, version, changes) => {
      await gate;
      const task = held.get(id)!;
      if (task.version !== version) throw new ConflictError(task);
      const { status = task.status, title = task.title } = changes;
      const changed = { ...task, status, title, version: version + 1 };
      held.set(id, changed);
      return changed;
    },
  };
  store = new TaskStore(api as TasksApi);
});

const shown = (id: string) => store.state().tasks.find((task) => task.id === id);

function closeGate(): () => void {
  let open: () => void = () => undefined;
  gate = new Promise((resolve) => (open = resolve));
  return open;
}

describe("a change", () => {
  beforeEach(() => store.load());

  it("shows at once, before the server has answered", async () => {
    const open = closeGate();
    const change = store.change(shown("a")!, { status: "done" }, { status: "done" });
    expect(shown("a")?.status).toBe("done");
    open();
    await change;
    expect(shown("a")).toMatchObject({ status: "done", version: 2 });
  });

  it("is undone when it does not get through", async () => {
    gate = Promise.reject(new UnreachableError());
    await expect(store.change(shown("a")!, { status: "done" }, { status: "done" })).rejects.toThrow();
    expect(shown("a")).toMatchObject({ status: "todo", version: 1 });
  });

  it("of what somebody else changed first throws their version, and shows it", async () => {
    const seen = shown("a")!;
    held.set("a", aTask({ id: "a", title: "Theirs", version: 2 }));
    const change = store.change(seen, { title: "Mine" }, { title: "Mine" });
    await expect(change).rejects.toMatchObject({ theirs: { title: "Theirs" } });
    expect(shown("a")?.title).toBe("Theirs");
  });
});

describe("a list", () => {
  it("that was asked for before a change does not take the change back", async () => {
    await store.load();
    const open = closeGate();
    const load = store.load();
    held.set("a", aTask({ id: "a", title: "Newer", version: 5 }));
    await store.refresh("a");
    await store.create({ title: "Created meanwhile" });
    open();
    await load;
    expect(shown("a")?.title).toBe("Newer");
    expect(shown("new")?.title).toBe("Created meanwhile");
  });

  it("drops what the server no longer has", async () => {
    await store.load();
    held.clear();
    await store.load();
    expect(store.state().tasks).toEqual([]);
  });

  it("that fails leaves on the screen what was there", async () => {
    await store.load();
    gate = Promise.reject(new UnreachableError());
    await store.load();
    expect(store.state().status).toBe("ready");
    expect(shown("a")).toBeDefined();
  });

  it("that fails at first says so", async () => {
    gate = Promise.reject(new UnreachableError());
    await store.load();
    expect(store.state().status).toBe("failed");
  });
});

describe("a task", () => {
  it("that was deleted leaves the board when it is asked for", async () => {
    await store.load();
    held.delete("a");
    await store.refresh("a");
    expect(shown("a")).toBeUndefined();
  });

  it("is not taken back to an older version by an answer that comes late", async () => {
    await store.load();
    held.set("a", aTask({ id: "a", title: "Newer", version: 5 }));
    await store.refresh("a");
    held.set("a", aTask({ id: "a", title: "Older", version: 4 }));
    await store.refresh("a");
    expect(shown("a")?.title).toBe("Newer");
  });
});
