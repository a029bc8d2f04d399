import { Component, type ReactNode } from "react";

import { FullScreen } from "@/app/full-screen";
import { Button } from "@/components/button";
import { StateMessage } from "@/components/state-message";

/** A mistake of ours in drawing: the page says so, instead of being empty. */
export class CrashBoundary extends Component<{ children: ReactNode }, { hasCrashed: boolean }> {
  override state = { hasCrashed: false };

  static getDerivedStateFromError() {
    return { hasCrashed: true };
  }

  override render() {
    if (!this.state.hasCrashed) return this.props.children;
    return (
      <FullScreen>
        <StateMessage
          isProblem
          icon="offline"
          title="Something broke on this page"
          detail="Your tasks are safe. Load the page again to go on."
          action={<Button onClick={() => window.location.reload()}>Load again</Button>}
        />
      </FullScreen>
    );
  }
}
