import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { ApiError, type Problem, unreachable } from "../api/api-error.ts";
import { ThemeToggle } from "../theme/theme-toggle.tsx";
import { Brand } from "../ui/brand.tsx";
import { Icon } from "../ui/icon.tsx";

interface SignInPageProps {
  readonly hasExpired: boolean;
  readonly onSignIn: (credentials: {
    readonly name: string;
    readonly password: string;
  }) => Promise<void>;
}

export function SignInPage({ hasExpired, onSignIn }: SignInPageProps) {
  const id = useId();
  const password = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<Problem>();
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => {
    document.title = "Sign in · ECAP";
  }, []);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setIsBusy(true);
    setProblem(undefined);
    try {
      await onSignIn({ name: textOf(form, "name"), password: textOf(form, "password") });
    } catch (error) {
      setProblem(error instanceof ApiError ? error.problem : unreachable);
      setIsBusy(false);
      password.current?.select();
    }
  }

  return (
    <div className="sign-in">
      <div className="sign-in-corner">
        <ThemeToggle />
      </div>
      <main className="sign-in-card">
        <Brand />
        <h1>Sign in</h1>
        <p className="sign-in-lead">
          {hasExpired
            ? "Your session has ended. Sign in to go on where you were."
            : "Revenue, customers and fraud decisions of your shop."}
        </p>
        <form
          onSubmit={(event) => void submit(event)}
          aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        >
          <label htmlFor={`${id}-name`}>Name</label>
          <input
            id={`${id}-name`}
            name="name"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            autoFocus
          />
          <label htmlFor={`${id}-password`}>Password</label>
          <input
            ref={password}
            id={`${id}-password`}
            name="password"
            type="password"
            autoComplete="current-password"
            required
          />
          <p id={`${id}-problem`} className="form-problem" role="alert">
            {problem !== undefined && (
              <>
                <Icon name="alert" /> <span>{explain(problem)}</span>
              </>
            )}
          </p>
          <button type="submit" className="button button-primary" disabled={isBusy}>
            {isBusy ? "Signing in…" : "Sign in"}
          </button>
        </form>
      </main>
    </div>
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

function explain({ status, detail, help }: Problem): string {
  if (status === 401) return "Wrong name or password.";
  return `${detail} ${help}`;
}
