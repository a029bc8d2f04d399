import type { components } from "@/lib/contracts/notification-worker.gen";
import type { Send } from "@/lib/http";

export type Preferences = components["schemas"]["NotificationPreferences"];
export type Frequency = components["schemas"]["Frequency"];

/** One choice: of one type, or of when digests come. */
export type Choice =
  | { kind: "frequency"; type: string; frequency: Frequency }
  | { kind: "timezone"; timezone: string }
  | { kind: "daily_at"; dailyAt: string };

export interface PreferencesState {
  status: "loading" | "ready" | "failed";
  error: unknown;
  /** As they will be when what is on its way has been saved. */
  shown: Preferences;
  isSaving: boolean;
}

export type PreferencesEvent =
  | { kind: "saved"; choices: readonly Choice[] }
  | { kind: "refused"; choices: readonly Choice[]; error: unknown };

const PATH = "/api/notifications/preferences";
const NONE: Preferences = { timezone: "UTC", daily_at: "09:00", types: {} };

function chosen(preferences: Preferences, choice: Choice): Preferences {
  switch (choice.kind) {
    case "frequency":
      return { ...preferences, types: { ...preferences.types, [choice.type]: choice.frequency } };
    case "timezone":
      return { ...preferences, timezone: choice.timezone };
    case "daily_at":
      return { ...preferences, daily_at: choice.dailyAt };
  }
}

/**
 * A person's preferences: what the server holds, and over it the choices that are on their way. They are saved one
 * request after another, each with all that was chosen meanwhile; a refusal takes back what was in that request.
 */
export class PreferencesStore {
  #saved = NONE;
  #choices: readonly Choice[] = [];
  #isSaving = false;
  #saves = 0;
  #status: PreferencesState["status"] = "loading";
  #error: unknown = null;
  #state: PreferencesState = { status: "loading", error: null, shown: NONE, isSaving: false };
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Set<(event: PreferencesEvent) => void>();
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  readonly state = (): PreferencesState => this.#state;

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly onEvent = (listener: (event: PreferencesEvent) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Loads them, or again: another window may have changed them. What is being saved is newer than the answer. */
  async load(): Promise<void> {
    if (this.#isSaving) return;
    const before = this.#saves;
    if (this.#status === "failed") this.#become("loading", null);
    try {
      const { data } = await this.#send<Preferences>(PATH);
      if (before !== this.#saves) return;
      this.#saved = data;
      this.#become("ready", null);
    } catch (error) {
      if (this.#status !== "ready") this.#become("failed", error); // What is on the screen stays there.
    }
  }

  choose(choice: Choice): void {
    this.#choices = [...this.#choices, choice];
    if (!this.#isSaving) void this.#save();
    this.#publish();
  }

  async #save(): Promise<void> {
    this.#isSaving = true;
    while (this.#choices.length > 0) {
      this.#saves += 1;
      const choices = this.#choices;
      const body = choices.reduce(chosen, this.#saved);
      let event: PreferencesEvent;
      try {
        this.#saved = (await this.#send<Preferences>(PATH, { method: "PUT", body })).data;
        event = { kind: "saved", choices };
      } catch (error) {
        event = { kind: "refused", choices, error };
      }
      this.#choices = this.#choices.slice(choices.length);
      this.#isSaving = this.#choices.length > 0;
      this.#publish();
      for (const listener of this.#listeners) listener(event);
    }
  }

  #become(status: PreferencesState["status"], error: unknown): void {
    this.#status = status;
    this.#error = error;
    this.#publish();
  }

  #publish(): void {
    this.#state = {
      status: this.#status,
      error: this.#error,
      shown: this.#choices.reduce(chosen, this.#saved),
      isSaving: this.#isSaving,
    };
    for (const watcher of this.#watchers) watcher();
  }
}
