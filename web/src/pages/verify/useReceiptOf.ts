/** The coordinator's copy of a job's receipt: a convenience, checked like any other. */
import { queries } from "@/api/client";

const ASK_AGAIN_MS = 3_000;

/** No job: nothing is asked. A receipt that is not anchored yet is asked for again until it is. */
export function useReceiptOf(jobId: string) {
  return queries.useQuery(
    "get",
    "/api/jobs/{job_id}/receipt",
    { params: { path: { job_id: jobId } } },
    {
      enabled: jobId !== "",
      retry: false,
      refetchInterval: ({ state }) =>
        state.data && state.data.receipt.anchor === null ? ASK_AGAIN_MS : false,
    },
  );
}
