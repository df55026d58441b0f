import { lazy, Suspense } from "react";
import { ExecutivePage } from "./pages/executive/executive-page.tsx";
import { SignInPage } from "./pages/sign-in-page.tsx";
import { useRoute } from "./routing/use-route.ts";
import { ExpiryContext } from "./session/session-context.ts";
import { useSession } from "./session/use-session.ts";
import { Shell } from "./shell.tsx";
import { FaultBoundary } from "./ui/fault-boundary.tsx";
import { ProblemNotice } from "./ui/problem-notice.tsx";
import { Skeleton } from "./ui/skeleton.tsx";

const LivePage = lazy(async () => ({
  default: (await import("./pages/live/live-page.tsx")).LivePage,
}));

/** The page of the address for who is signed in; the sign-in page, at the same address, for everyone else. */
export function App() {
  const session = useSession();
  const route = useRoute();
  const { state } = session;
  if (state.status === "unknown") return <Waiting />;
  if (state.status === "unreachable") {
    return (
      <main className="app-wait">
        <ProblemNotice problem={state.problem} onRetry={session.check} />
      </main>
    );
  }
  if (state.status === "signed-out") {
    return <SignInPage hasExpired={state.hasExpired} onSignIn={session.signIn} />;
  }
  return (
    <ExpiryContext value={session.expire}>
      <Shell page={route.page} principal={state.principal} onSignOut={session.signOut}>
        <FaultBoundary key={route.page}>
          <Suspense fallback={<Waiting />}>
            {route.page === "live" ? <LivePage /> : <ExecutivePage parameters={route.parameters} />}
          </Suspense>
        </FaultBoundary>
      </Shell>
    </ExpiryContext>
  );
}

function Waiting() {
  return (
    <div className="app-wait">
      <Skeleton />
    </div>
  );
}
