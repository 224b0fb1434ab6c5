/** The coordinator's copy of a job's receipt: a convenience, checked like any other. */
import { queries } from "@/api/client";

/** No job: nothing is asked. */
export function useReceiptOf(jobId: string) {
  return queries.useQuery(
    "get",
    "/api/jobs/{job_id}/receipt",
    { params: { path: { job_id: jobId } } },
    { enabled: jobId !== "", retry: false },
  );
}
