import { Link, useNavigate } from "react-router";

import { Avatar } from "@/components/avatar";
import { Button } from "@/components/button";
import { Icon } from "@/components/icon";
import { Logo } from "@/components/logo";
import { Menu } from "@/components/menu";
import { useToast } from "@/components/toasts";
import { Bell } from "@/features/notifications/bell";
import { useApi } from "@/lib/api-context";
import { explain } from "@/lib/problems";

import styles from "./navbar.module.css";

interface NavbarProps {
  onCreate: () => void;
  onShortcuts: () => void;
  onLogout: () => Promise<void>;
}

export function Navbar({ onCreate, onShortcuts, onLogout }: NavbarProps) {
  const { me } = useApi();
  const toast = useToast();
  const navigate = useNavigate();
  const logout = () => {
    onLogout().catch((error: unknown) =>
      toast({ title: "You are still logged in", detail: explain(error), look: "problem" }),
    );
  };
  return (
    <header className={styles.navbar}>
      <Link to="/" className={styles.brand} aria-label="Taskify, to the board">
        <Logo />
        <span aria-hidden="true">Taskify</span>
      </Link>
      <nav className={styles.tools} aria-label="Tools">
        <Button
          look="primary"
          aria-label="New task"
          title="New task (C)"
          onClick={onCreate}
          className={styles.create}
        >
          <Icon name="plus" size={14} />
          <span>New task</span>
        </Button>
        <Bell />
        <Menu
          label={`Account of ${me.name}`}
          className={styles.account}
          header={
            <>
              <p className={styles.name}>{me.name}</p>
              <p className={styles.email}>{me.email}</p>
            </>
          }
          items={[
            {
              key: "preferences",
              label: "Preferences",
              leading: <Icon name="sliders" />,
              run: () => void navigate("/preferences"),
            },
            {
              key: "shortcuts",
              label: "Keyboard shortcuts",
              leading: <Icon name="keyboard" />,
              hint: "?",
              run: onShortcuts,
            },
            { key: "logout", label: "Log out", leading: <Icon name="leave" />, run: logout },
          ]}
        >
          <Avatar person={me} />
        </Menu>
      </nav>
    </header>
  );
}
