/** The coordinator's API, typed by its OpenAPI description. Every refusal is thrown as an ApiError. */
import createClient from "openapi-fetch";
import createQueries from "openapi-react-query";
import { QueryClient } from "@tanstack/react-query";
import { session } from "@/wallet/session";
import { ApiError, asApiError, errorIn } from "./errors";
import type { components, paths } from "./schema";

/** The shapes of bodies and answers by their names in the API: `Schemas["Node"]`. */
export type Schemas = components["schemas"];

/** `fetch` with the proof of who asks, once a wallet has signed in; what is refused is thrown as an ApiError. */
export async function authorized(url: string | Request, init?: RequestInit): Promise<Response> {
  const request = new Request(url, init);
  const token = session.get()?.token;
  if (token !== undefined) request.headers.set("Authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    throw request.signal.aborted ? error : asApiError(error);
  }
  if (response.ok) return response;
  const refused = await errorIn(response);
  // A token that the coordinator does not know any more is no session.
  if (refused.status === 401 && token !== undefined && token === session.get()?.token) session.end();
  throw refused;
}

/** `await api.POST("/api/jobs", { body })`: for what a person does, and outside of components. */
export const api = createClient<paths>({ baseUrl: globalThis.location.origin, fetch: authorized });

/** What was answered: `const { job } = await answered(api.POST("/api/jobs", { body }))`. */
export async function answered<Data>(request: Promise<{ data?: Data }>): Promise<NonNullable<Data>> {
  const { data } = await request;
  if (data === undefined || data === null) throw new ApiError(0, "unreadable", "The answer was empty");
  return data;
}

/** `queries.useQuery("get", "/api/metrics")`: for what a page shows. Also `useMutation`, `useInfiniteQuery`. */
export const queries = createQueries(api);

const MAX_TRIES = 3;
const STALE_MS = 5_000;

/** How a list goes on from page to page. */
export const paged = {
  pageParamName: "cursor",
  initialPageParam: null, // Left out, it would be 0.
  getNextPageParam: (last: { nextCursor: string | null }) => last.nextCursor ?? undefined,
};

/** Keeps what was read: shown at once when it is asked for again, and fetched anew behind it. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: STALE_MS,
      retry: (failures, error) => failures < MAX_TRIES && asApiError(error).isPassing,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});

// What one wallet may see is not for the next.
session.subscribe(() => void queryClient.resetQueries());
