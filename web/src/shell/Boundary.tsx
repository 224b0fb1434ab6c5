/** Catches what a page throws: a defect, or a part of the app that a newer build has replaced. */
import { Component, type ReactNode } from "react";
import { Problem } from "@/ui/Problem";

/** Give it a key that changes with the page: another page starts without the error. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return <Problem error={error} onRetry={() => location.reload()} />;
  }
}
