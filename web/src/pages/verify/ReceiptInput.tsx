/** Where a receipt comes in: pasted, dropped, picked, or by its job's id. */
import { FileJson, Upload } from "lucide-react";
import { type DragEvent, type SubmitEvent, useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Field, Input, TextArea } from "@/ui/Field";
import { Problem } from "@/ui/Problem";
import { classes } from "@/ui/text";
import styles from "./verify.module.css";

interface Props {
  content: string;
  jobId: string;
  problem: unknown;
  loading: boolean;
  onContent: (content: string) => void;
  onJob: (jobId: string) => void;
}

export function ReceiptInput({ content, jobId, problem, loading, onContent, onJob }: Props) {
  const [dragged, setDragged] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const take = async (files: FileList | null): Promise<void> => {
    const file = files?.[0];
    if (file) onContent(await file.text());
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setDragged(false);
    void take(event.dataTransfer.files);
  };
  const byJob = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget).get("job");
    onJob(typeof given === "string" ? given.trim() : "");
  };
  return (
    <Card
      title="Receipt"
      aside={
        <Button size="small" icon={<Upload />} onClick={() => picker.current?.click()}>
          Choose a file
        </Button>
      }
    >
      <div className={styles.input}>
        <input
          ref={picker}
          type="file"
          accept=".json,application/json"
          aria-label="Receipt file"
          hidden
          onChange={(event) => void take(event.currentTarget.files)}
        />
        <Field
          label="Receipt file"
          hint="Paste it, or drop a file here. Change a character to see it refused."
        >
          <TextArea
            className={classes(styles.json, dragged && styles.dragged)}
            onDragOver={(event) => {
              event.preventDefault();
              setDragged(true);
            }}
            onDragLeave={() => setDragged(false)}
            onDrop={drop}
            rows={13}
            value={content}
            onChange={(event) => onContent(event.target.value)}
            placeholder={
              '{\n  "receipt": { … },\n  "signature": "…",\n  "signer": "…",\n  "merkle": { … },\n  "anchor": { … }\n}'
            }
            spellCheck={false}
            autoComplete="off"
          />
        </Field>
        <form className={styles.byJob} onSubmit={byJob}>
          <Field label="Or by its job's id" hint="This coordinator's copy; it is checked like any other.">
            <Input key={jobId} name="job" defaultValue={jobId} placeholder="0199e0a4-…" autoComplete="off" />
          </Field>
          <Button type="submit" busy={loading} icon={<FileJson />}>
            Fetch
          </Button>
        </form>
        {problem ? <Problem error={problem} /> : null}
      </div>
    </Card>
  );
}
