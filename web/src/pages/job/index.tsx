import type { RouteComponentProps } from "wouter";
import { Page } from "@/ui/Page";
import { short } from "@/ui/text";

export default function Job({ params }: RouteComponentProps<{ jobId: string }>) {
  return (
    <Page title={`Job ${short(params.jobId)}`} lead="A job as it runs: progress, logs, result and receipt." />
  );
}
