/** The pages and where they are. Each is loaded when it is first visited. */
import { lazy, Suspense, useEffect, useRef } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Boundary } from "./shell/Boundary";
import { Loading } from "./shell/Loading";
import { Shell } from "./shell/Shell";
import { ButtonLink } from "./ui/Button";
import { Empty } from "./ui/Empty";
import { Page } from "./ui/Page";

const PAGES = [
  ["/", lazy(() => import("./pages/network"))],
  ["/verify", lazy(() => import("./pages/verify"))],
  ["/provide", lazy(() => import("./pages/provide"))],
  ["/compute", lazy(() => import("./pages/compute"))],
  ["/compute/:jobId", lazy(() => import("./pages/job"))],
  ["/wallet", lazy(() => import("./pages/wallet"))],
  ["/agents", lazy(() => import("./pages/agents"))],
] as const;

export function App() {
  const [location] = useLocation();
  useArrival(location);
  return (
    <Shell>
      <Boundary key={location}>
        <Suspense fallback={<Loading />}>
          <Switch>
            {PAGES.map(([path, page]) => (
              <Route key={path} path={path} component={page} />
            ))}
            <Route>
              <NotFound />
            </Route>
          </Switch>
        </Suspense>
      </Boundary>
    </Shell>
  );
}

/** A new page starts at its top, and a screen reader goes on there. */
function useArrival(location: string): void {
  const last = useRef(location);
  useEffect(() => {
    if (last.current === location) return;
    last.current = location;
    document.getElementById("main")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [location]);
}

function NotFound() {
  return (
    <Page title="Nothing here">
      <Empty title="There is no such page" action={<ButtonLink href="/">To the network</ButtonLink>} />
    </Page>
  );
}
