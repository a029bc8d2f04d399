import { useCallback, useMemo, useState } from "react";
import { BrowserRouter, Navigate, Route, Routes } from "react-router";

import { Navbar } from "@/app/navbar";
import { PreferencesRoute } from "@/app/preferences-route";
import { ShortcutsDialog } from "@/app/shortcuts-dialog";
import { useShortcut } from "@/components/shortcut";
import { ConnectionLine } from "@/features/notifications/connection-line";
import { LiveMessages } from "@/features/notifications/live-messages";
import type { Session } from "@/features/session/session";
import type { Status } from "@/features/tasks/api";
import { Board } from "@/features/tasks/board";
import { CreateTaskDialog } from "@/features/tasks/create-task-dialog";
import { TaskSheet } from "@/features/tasks/task-sheet";
import { TasksProvider } from "@/features/tasks/tasks-context";
import { ApiContext, type Me } from "@/lib/api-context";
import { systemClock } from "@/lib/clock";
import type { Config } from "@/lib/config";
import { createSend } from "@/lib/http";
import { notificationsApi } from "@/realtime/api";
import { NotificationFeed } from "@/realtime/feed";
import { browserSurroundings } from "@/realtime/surroundings";
import { MutedTasksProvider } from "@/realtime/use-muted-tasks";
import { NotificationsProvider } from "@/realtime/use-notifications";

import styles from "./signed-in.module.css";

interface SignedInProps {
  me: Me;
  config: Config;
  session: Session;
}

/** Everything for the person who is signed in, wired together. */
export function SignedIn({ me, config, session }: SignedInProps) {
  const api = useMemo(() => {
    const to = (origin: string) => session.authorised(createSend(origin, (...request) => fetch(...request)));
    return { me, tasks: to(config.apiUrl), notifications: to(config.notificationsUrl) };
  }, [config, me, session]);
  const [feed] = useState(
    () =>
      new NotificationFeed({
        api: notificationsApi(api.notifications),
        socketUrl: config.socketUrl,
        openSocket: (url) => new WebSocket(url),
        token: session.token,
        clock: systemClock,
        random: Math.random,
        surroundings: browserSurroundings(window),
      }),
  );
  return (
    <ApiContext value={api}>
      <NotificationsProvider feed={feed}>
        <MutedTasksProvider>
          <TasksProvider>
            <BrowserRouter>
              <Shell onLogout={() => session.logout()} />
            </BrowserRouter>
          </TasksProvider>
        </MutedTasksProvider>
      </NotificationsProvider>
    </ApiContext>
  );
}

type Open = { dialog: "none" } | { dialog: "create"; status: Status } | { dialog: "shortcuts" };

function Shell({ onLogout }: { onLogout: () => Promise<void> }) {
  const [open, setOpen] = useState<Open>({ dialog: "none" });
  const create = useCallback((status: Status) => setOpen({ dialog: "create", status }), []);
  const createTodo = useCallback(() => create("todo"), [create]);
  const showShortcuts = useCallback(() => setOpen({ dialog: "shortcuts" }), []);
  const close = useCallback(() => setOpen({ dialog: "none" }), []);
  useShortcut("c", createTodo);
  useShortcut("?", showShortcuts);

  return (
    <div className={styles.shell}>
      <Navbar onCreate={createTodo} onShortcuts={showShortcuts} onLogout={onLogout} />
      <ConnectionLine />
      <LiveMessages />
      <Routes>
        <Route path="/" element={<Board onCreate={create} />}>
          <Route path="tasks/:taskId" element={<TaskSheet />} />
        </Route>
        <Route path="/preferences" element={<PreferencesRoute />} />
        <Route path="*" element={<Navigate to="/" replace />} />
      </Routes>
      {open.dialog === "create" && <CreateTaskDialog status={open.status} onClose={close} />}
      {open.dialog === "shortcuts" && <ShortcutsDialog onClose={close} />}
    </div>
  );
}
