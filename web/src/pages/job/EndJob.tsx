/** Cancels a job that waits, or stops one that runs, after a question. */
import { useMutation } from "@tanstack/react-query";
import { CircleStop } from "lucide-react";
import { useState } from "react";
import { answered, api, type Schemas } from "@/api/client";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { notify } from "@/ui/notify";
import { Problem } from "@/ui/Problem";
import styles from "./job.module.css";

const WORDS = {
  stop: {
    verb: "Stop",
    title: "Stop this job?",
    about: "The node stops its work. You pay for what was done; the rest of the budget comes back.",
    done: "The job was stopped",
  },
  cancel: {
    verb: "Cancel the job",
    title: "Cancel this job?",
    about: "It has not started. The whole budget comes back.",
    done: "The job was cancelled",
  },
};

export function EndJob({ job, onEnd }: { job: Schemas["Job"]; onEnd: () => unknown }) {
  const [open, setOpen] = useState(false);
  const isRunning = job.status === "running";
  const words = WORDS[isRunning ? "stop" : "cancel"];
  const ending = useMutation({
    mutationFn: () => {
      const params = { path: { job_id: job.jobId } };
      const body = { walletAddress: job.walletAddress, stopRunning: isRunning };
      return answered(api.POST("/api/jobs/{job_id}/cancel", { params, body }));
    },
    onSuccess: () => {
      setOpen(false);
      notify({ title: words.done, type: "good" });
      onEnd();
    },
  });
  return (
    <>
      <Button variant="danger" icon={<CircleStop />} onClick={() => setOpen(true)}>
        {words.verb}
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={words.title} description={words.about} size="small">
        {ending.error && <Problem error={ending.error} />}
        <div className={styles.answers}>
          <Button variant="ghost" onClick={() => setOpen(false)}>
            Let it go on
          </Button>
          <Button variant="danger" busy={ending.isPending} onClick={() => ending.mutate()}>
            {words.verb}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
