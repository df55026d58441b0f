import { lazy, Suspense } from "react";
import { ExecutivePage } from "./pages/executive/executive-page.tsx";
import { SignInPage } from "./pages/sign-in-page.tsx";
import type { Route } from "./routing/route.ts";
import { useRoute } from "./routing/use-route.ts";
import { PrincipalContext } from "./session/principal-context.ts";
import { ExpiryContext } from "./session/session-context.ts";
import { useSession } from "./session/use-session.ts";
import { Shell } from "./shell.tsx";
import { FaultBoundary } from "./ui/fault-boundary.tsx";
import { ProblemNotice } from "./ui/problem-notice.tsx";
import { Skeleton } from "./ui/skeleton.tsx";

const LivePage = lazy(async () => ({
  default: (await import("./pages/live/live-page.tsx")).LivePage,
}));

const CasesPage = lazy(async () => ({
  default: (await import("./pages/cases/cases-page.tsx")).CasesPage,
}));
const CasePage = lazy(async () => ({
  default: (await import("./pages/case/case-page.tsx")).CasePage,
}));
const FraudPage = lazy(async () => ({
  default: (await import("./pages/fraud/fraud-page.tsx")).FraudPage,
}));
const RulesPage = lazy(async () => ({
  default: (await import("./pages/rules/rules-page.tsx")).RulesPage,
}));
const ModelsPage = lazy(async () => ({
  default: (await import("./pages/models/models-page.tsx")).ModelsPage,
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
      <PrincipalContext value={state.principal}>
        <Shell page={route.page} principal={state.principal} onSignOut={session.signOut}>
          <FaultBoundary key={route.page}>
            <Suspense fallback={<Waiting />}>
              <Page {...route} />
            </Suspense>
          </FaultBoundary>
        </Shell>
      </PrincipalContext>
    </ExpiryContext>
  );
}

function Page({ page, parameters }: Route) {
  switch (page) {
    case "live":
      return <LivePage />;
    case "cases":
      return <CasesPage parameters={parameters} />;
    case "case":
      return <CasePage parameters={parameters} />;
    case "fraud":
      return <FraudPage parameters={parameters} />;
    case "rules":
      return <RulesPage parameters={parameters} />;
    case "models":
      return <ModelsPage parameters={parameters} />;
    case "executive":
      break;
  }
  return <ExecutivePage parameters={parameters} />;
}

function Waiting() {
  return (
    <div className="app-wait">
      <Skeleton />
    </div>
  );
}
