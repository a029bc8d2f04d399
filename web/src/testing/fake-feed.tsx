import { act, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter } from "react-router";

import { AnnouncerProvider } from "@/components/announcer";
import { NowProvider } from "@/components/now";
import { ToastProvider } from "@/components/toasts";
import { ApiContext, type Api } from "@/lib/api-context";
import { ProblemError } from "@/lib/problems";
import type { MemberPage } from "@/realtime/api";
import { NotificationFeed } from "@/realtime/feed";
import type { Page } from "@/realtime/listing";
import type { Mark } from "@/realtime/marks";
import { MutedTasksProvider } from "@/realtime/use-muted-tasks";
import { NotificationsProvider } from "@/realtime/use-notifications";
import { FakeClock, settle } from "@/testing/fake-clock";
import { FakeGateway } from "@/testing/fake-gateway";
import { FakeInboxServer } from "@/testing/fake-inbox-server";

const NOWHERE: Api["tasks"] = () =>
  Promise.reject(
    new ProblemError({ type: "not_found", title: "", status: 404, detail: "nothing is here", errors: [] }),
  );

/** A page with a live feed over a server and a gateway that the test holds. */
export class FakeSystem {
  readonly clock = new FakeClock();
  readonly gateway = new FakeGateway();
  readonly server = new FakeInboxServer();
  readonly marks: Mark[] = [];
  answerMark: (mark: Mark) => Promise<void> = () => Promise.resolve();
  answerPage = (page: () => Page): Promise<Page> => Promise.resolve(page());
  answerMembers = (page: () => MemberPage): Promise<MemberPage> => Promise.resolve(page());
  readonly feed = new NotificationFeed({
    api: {
      sync: (afterSeq) => Promise.resolve(this.server.sync(afterSeq)),
      mark: (mark) => {
        this.marks.push(mark);
        return this.answerMark(mark);
      },
      history: (cursor) => this.answerPage(() => this.server.page(cursor, 50)),
      unread: (cursor) => this.answerPage(() => this.server.page(cursor, 100, { isUnread: true })),
      members: (...request) => this.answerMembers(() => this.server.membersOf(...request)),
    },
    socketUrl: "ws://gateway/ws",
    openSocket: this.gateway.open,
    token: () => Promise.resolve({ value: "token", expiresAt: this.clock.now() + 900_000 }),
    clock: this.clock,
    random: () => 0.5,
    surroundings: { isOnline: () => true, watch: () => () => undefined },
  });

  /** Who is signed in, and what answers; the test may put its own here before it shows anything. */
  api: Api = {
    me: { id: "ann", name: "Ann", email: "ann@example.com", role: "member" },
    tasks: NOWHERE,
    notifications: NOWHERE,
  };

  async show(children: ReactNode, path = "/") {
    render(
      <ApiContext value={this.api}>
        <NowProvider>
          <AnnouncerProvider>
            <ToastProvider>
              <MemoryRouter initialEntries={[path]}>
                <NotificationsProvider feed={this.feed}>
                  <MutedTasksProvider>{children}</MutedTasksProvider>
                </NotificationsProvider>
              </MemoryRouter>
            </ToastProvider>
          </AnnouncerProvider>
        </NowProvider>
      </ApiContext>,
    );
    await act(settle);
    await act(async () => {
      this.gateway.last.open();
      this.gateway.last.ready({ heartbeatSeconds: 3600 });
      await settle();
    });
  }
}
