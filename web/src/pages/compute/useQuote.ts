/** What a draft would cost and wait, asked for a moment after the last change. */
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type ApiError, asApiError } from "@/api/errors";
import { queries, type Schemas } from "@/api/client";
import { bodyOf, type Draft, type JobBody } from "./draft";

const PAUSE_MS = 400;
/** Nodes come and go. */
const AGAIN_MS = 10_000;

export interface Quoted {
  quote: Schemas["Quote"] | undefined;
  error: ApiError | null;
  /** What is shown is of an earlier draft. */
  isOld: boolean;
}

export function useQuote(draft: Draft | undefined, address: string | null): Quoted {
  const settled = useSettled(draft);
  const query = queries.useQuery(
    "post",
    "/api/jobs/quote",
    { body: quoteBody(settled ?? NONE, address) },
    { enabled: settled !== undefined, placeholderData: keepPreviousData, refetchInterval: AGAIN_MS },
  );
  return {
    quote: query.data?.quote,
    error: query.error === null ? null : asApiError(query.error),
    isOld: settled !== draft || query.isPlaceholderData,
  };
}

const NONE: Draft = { jobType: "", model: "", input: {}, requirements: {}, budget: 0, maxDuration: 0 };

/** Who pays may not be known yet. */
function quoteBody(draft: Draft, address: string | null): Partial<JobBody> & Pick<JobBody, "jobType"> {
  const { walletAddress, ...anonymous } = bodyOf(draft, address ?? "");
  return address === null ? anonymous : { ...anonymous, walletAddress };
}

/** A value, once it has not changed for a moment. The first is taken at once. */
function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
