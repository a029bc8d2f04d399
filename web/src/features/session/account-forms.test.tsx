import { act, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { AccountForms } from "@/features/session/account-forms";
import type { SessionState } from "@/features/session/session";
import { ApiContext, type Me } from "@/lib/api-context";
import type { Answer, RequestOptions, Send } from "@/lib/http";
import { ProblemError } from "@/lib/problems";
import { settle } from "@/testing/fake-clock";
import { FakeSystem } from "@/testing/fake-feed";
import { showSignedIn, type Opened } from "@/testing/fake-session";

const PASSWORD = "old password";

let system: FakeSystem;
let opened: Opened;
let me: Me;
let password: string;

const wrong = (where: string, message: string) =>
  new ProblemError({
    type: "invalid_request",
    title: "",
    status: 422,
    detail: "the request is not valid",
    errors: [{ where, message }],
  });

/** The task service, as far as an account asks it. */
const send: Send = <T,>(path: string, { method = "GET", body }: RequestOptions = {}): Promise<Answer<T>> => {
  const answer = (data: unknown) => Promise.resolve({ data: data as T, headers: new Headers() });
  if (path === "/api/users/me/password") {
    const asked = body as { old: string; new: string };
    if (asked.old !== password) return Promise.reject(wrong("body.old", "this is not your password"));
    password = asked.new;
    return answer(undefined);
  }
  if (path === "/api/users/me" && method === "PATCH") me = { ...me, ...(body as { name: string }) };
  return answer(
    path === "/api/users/me" ? me : { access_token: "h.e.s", token_type: "Bearer", expires_in: 900 },
  );
};

function page(state: SessionState) {
  if (state.phase !== "signed_in") return null;
  return (
    <ApiContext value={{ ...system.api, me: state.me }}>
      <AccountForms />
    </ApiContext>
  );
}

beforeEach(async () => {
  system = new FakeSystem();
  me = system.api.me;
  password = PASSWORD;
  opened = await showSignedIn(system, send, page);
});

const field = (name: string) => screen.getByLabelText<HTMLInputElement>(name);
const button = (name: string) => screen.getByRole<HTMLButtonElement>("button", { name });

async function type(name: string, text: string) {
  const user = userEvent.setup();
  await user.clear(field(name));
  await user.type(field(name), text);
}

async function press(name: string) {
  await userEvent.setup().click(button(name));
  await act(settle);
}

describe("one's name", () => {
  it("is saved when it is another, and told to the other windows", async () => {
    expect(button("Save name").disabled).toBe(true);
    await type("Name", " Ann Miller ");
    await press("Save name");
    expect(me.name).toBe("Ann Miller");
    expect(opened.session.state()).toEqual({ phase: "signed_in", me });
    expect(opened.told.at(-1)).toEqual({ kind: "renamed", me });
    expect(screen.getByText("Your name is changed")).toBeTruthy();
    expect(button("Save name").disabled).toBe(true);
  });

  it("is not empty", async () => {
    await type("Name", "  ");
    expect(button("Save name").disabled).toBe(true);
  });
});

describe("one's password", () => {
  it("is changed, and the fields are emptied", async () => {
    await type("Current password", PASSWORD);
    await type("New password", "new password");
    await press("Change password");
    expect(password).toBe("new password");
    expect(field("Current password").value).toBe("");
    expect(screen.getByText("Your password is changed")).toBeTruthy();
  });

  it("stays when the current one is wrong, which its field says", async () => {
    await type("Current password", "wrong");
    await type("New password", "new password");
    await press("Change password");
    expect(password).toBe(PASSWORD);
    expect(screen.getByText("this is not your password")).toBeTruthy();
    expect(field("Current password").getAttribute("aria-invalid")).toBe("true");
    expect(field("New password").value).toBe("new password");
  });
});
