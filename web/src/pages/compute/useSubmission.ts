/** Submits a draft once, however often it has to be tried. */
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { useLocation } from "wouter";
import { answered, api, type Schemas } from "@/api/client";
import { type ApiError, asApiError } from "@/api/errors";
import { bodyOf, type Draft, type JobBody } from "./draft";
import { uploadExamples } from "./files";

export interface Submission {
  submit: (draft: Draft, walletAddress: string) => void;
  isPending: boolean;
  error: ApiError | null;
}

export function useSubmission(examples: readonly Schemas["ExampleFile"][]): Submission {
  const [, go] = useLocation();
  // The same job is the same request: if its answer was lost, a second try finds the job that the first one made.
  const last = useRef({ text: "", key: "" });
  const submitting = useMutation({
    mutationFn: async (body: JobBody) => {
      const text = JSON.stringify(body);
      if (last.current.text !== text) last.current = { text, key: crypto.randomUUID() };
      await uploadExamples(examples, body.input);
      const header = { "Idempotency-Key": last.current.key };
      return answered(api.POST("/api/jobs", { body, params: { header } }));
    },
    onSuccess: ({ job }) => go(`/compute/${job.jobId}`),
  });
  return {
    submit: (draft, walletAddress) => submitting.mutate(bodyOf(draft, walletAddress)),
    isPending: submitting.isPending,
    error: submitting.error && asApiError(submitting.error),
  };
}
