import { type ReactNode, useEffect, useRef } from "react";
import type { Principal } from "./api/answers.ts";
import { formatRoute, type PageName } from "./routing/route.ts";
import { ThemeToggle } from "./theme/theme-toggle.tsx";
import { Brand } from "./ui/brand.tsx";
import { Icon, type IconName } from "./ui/icon.tsx";

interface ShellProps {
  readonly page: PageName;
  readonly principal: Principal;
  readonly onSignOut: () => Promise<void>;
  readonly children: ReactNode;
}

const links: ReadonlyArray<{
  readonly page: PageName;
  readonly label: string;
  readonly icon: IconName;
  /** Who may see it; absent: everybody. */
  readonly roles?: readonly string[];
}> = [
  { page: "executive", label: "Executive", icon: "chart" },
  { page: "live", label: "Live", icon: "pulse" },
  { page: "cases", label: "Cases", icon: "inbox", roles: ["analyst", "admin"] },
  { page: "fraud", label: "Fraud", icon: "shield" },
  { page: "rules", label: "Rules", icon: "code" },
  { page: "models", label: "Models", icon: "layers" },
];

/** Pages that are one of something, and where the many are. */
const parents: Partial<Record<PageName, PageName>> = { case: "cases" };

/** What is around every page: the way to the others, who is signed in, the theme. */
export function Shell({ page, principal, onSignOut, children }: ShellProps) {
  const main = useRef<HTMLElement>(null);
  const within = parents[page] ?? page;
  const label = links.find((link) => link.page === within)?.label ?? "";
  useEffect(() => {
    document.title = `${label} · ECAP`;
  }, [label]);

  return (
    <>
      <button type="button" className="skip-link" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <header className="top-bar">
        <div className="top-bar-inner">
          <Brand />
          <nav aria-label="Pages">
            {links
              .filter(({ roles }) => roles?.includes(principal.role) ?? true)
              .map((link) => (
                <a
                  key={link.page}
                  href={formatRoute({ page: link.page, parameters: {} })}
                  aria-current={link.page === within ? "page" : undefined}
                >
                  <Icon name={link.icon} /> {link.label}
                </a>
              ))}
          </nav>
          <div className="top-bar-end">
            <span className="who" title={`Role ${principal.role}, tenant ${principal.tenant}`}>
              <span className="who-name">{principal.id}</span>
              <span className="who-role">{principal.role}</span>
            </span>
            <ThemeToggle />
            <button
              type="button"
              className="icon-button"
              aria-label="Sign out"
              title="Sign out"
              onClick={() => void onSignOut()}
            >
              <Icon name="leave" />
            </button>
          </div>
        </div>
      </header>
      <main ref={main} tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
