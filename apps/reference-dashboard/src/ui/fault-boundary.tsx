import { Component, type ReactNode } from "react";
import { ProblemNotice } from "./problem-notice.tsx";

interface FaultBoundaryState {
  readonly fault: Error | undefined;
}

/** Keeps a part that cannot be drawn, or whose code cannot be loaded, from taking the page with it. */
export class FaultBoundary extends Component<{ readonly children: ReactNode }, FaultBoundaryState> {
  override state: FaultBoundaryState = { fault: undefined };

  static getDerivedStateFromError(fault: Error): FaultBoundaryState {
    return { fault };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    if (fault === undefined) return this.props.children;
    const problem = {
      status: 0,
      code: "DASHBOARD",
      detail: "This part could not be shown.",
      help: fault.message,
    };
    return <ProblemNotice problem={problem} onRetry={() => window.location.reload()} />;
  }
}
