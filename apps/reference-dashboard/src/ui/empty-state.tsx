import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";

interface EmptyStateProps {
  readonly title: string;
  readonly icon?: IconName;
  /** What to do about it. */
  readonly children?: ReactNode;
}

export function EmptyState({ title, icon = "inbox", children }: EmptyStateProps) {
  return (
    <div className="empty-state">
      <Icon name={icon} />
      <p className="empty-title">{title}</p>
      {children !== undefined && <p className="empty-help">{children}</p>}
    </div>
  );
}
