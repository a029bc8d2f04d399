import { fireEvent, render } from "@testing-library/react";
import { expect, it, vi } from "vitest";

import { useShortcut } from "@/components/shortcut";

it("a letter works with Caps Lock, and is not taken with Shift or Control", () => {
  const run = vi.fn();
  function Page() {
    useShortcut("c", run);
    return null;
  }
  render(<Page />);
  fireEvent.keyDown(document.body, { key: "C", shiftKey: true });
  fireEvent.keyDown(document.body, { key: "c", ctrlKey: true });
  expect(run).not.toHaveBeenCalled();
  fireEvent.keyDown(document.body, { key: "c" });
  fireEvent.keyDown(document.body, { key: "C" });
  expect(run).toHaveBeenCalledTimes(2);
});

it("a capital letter is the key with Shift, and not without", () => {
  const run = vi.fn();
  function Page() {
    useShortcut("N", run);
    return null;
  }
  render(<Page />);
  fireEvent.keyDown(document.body, { key: "n" });
  fireEvent.keyDown(document.body, { key: "N" });
  expect(run).not.toHaveBeenCalled();
  fireEvent.keyDown(document.body, { key: "N", shiftKey: true });
  expect(run).toHaveBeenCalledTimes(1);
});
