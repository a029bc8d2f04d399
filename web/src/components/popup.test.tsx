import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type { ReactNode } from "react";

import { Dialog } from "@/components/dialog";
import { Menu } from "@/components/menu";
import { usePopup } from "@/components/popup";

function Popup({ children }: { children: ReactNode }) {
  const { isOpen, open, trigger, content } = usePopup<HTMLButtonElement, HTMLDivElement>();
  return (
    <>
      <button ref={trigger} onClick={open}>
        Open
      </button>
      {isOpen && (
        <div ref={content} role="dialog" aria-label="Popup">
          {children}
        </div>
      )}
    </>
  );
}

it("a menu inside of it takes Escape and presses, and it stays open", async () => {
  const run = vi.fn();
  render(
    <Popup>
      <Menu label="Inner" items={[{ key: "a", label: "Do it", run }]}>
        …
      </Menu>
    </Popup>,
  );
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Open" }));
  await user.click(screen.getByRole("button", { name: "Inner" }));
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("menu")).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Inner" }));
  await user.keyboard("{Enter}");
  await user.click(screen.getByRole("menuitem", { name: "Do it" }));
  expect(run).toHaveBeenCalledOnce();
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("dialog")).toBeNull();
});

it("leaves Escape to a dialog inside of it", async () => {
  render(
    <Popup>
      <Dialog title="Inner" onClose={vi.fn()}>
        words
      </Dialog>
    </Popup>,
  );
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Open" }));
  screen.getByRole("button", { name: "Close" }).focus();
  await user.keyboard("{Escape}");
  expect(screen.getByRole("dialog", { name: "Popup" })).toBeTruthy();
});
