import { type ReactNode, useId } from "react";
import { FaultBoundary } from "./fault-boundary.tsx";

interface PanelProps {
  readonly title: string;
  readonly hint?: ReactNode;
  readonly actions?: ReactNode;
  readonly footer?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A card with a heading that names it. */
export function Panel({ title, hint, actions, footer, className = "", children }: PanelProps) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-header">
        <div>
          <h2 id={id}>{title}</h2>
          {hint !== undefined && <p className="panel-hint">{hint}</p>}
        </div>
        {actions !== undefined && <div className="panel-actions">{actions}</div>}
      </header>
      <div className="panel-body">
        <FaultBoundary>{children}</FaultBoundary>
      </div>
      {footer !== undefined && <footer className="panel-footer">{footer}</footer>}
    </section>
  );
}
