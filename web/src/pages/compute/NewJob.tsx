/** A job before it is submitted: its form, its quote, and the button that submits it. */
import { useState } from "react";
import { queries, type Schemas } from "@/api/client";
import { Card } from "@/ui/Card";
import { Field, TextArea } from "@/ui/Field";
import { Problem } from "@/ui/Problem";
import { Skeleton } from "@/ui/Skeleton";
import { Tabs } from "@/ui/Tabs";
import { words } from "@/ui/text";
import { useWallet } from "@/wallet/WalletContext";
import { againOf, type Draft, exampleOf, type JobType, parsed, problemsOf, relaxed } from "./draft";
import { remember } from "./files";
import { JobTypes } from "./JobTypes";
import styles from "./NewJob.module.css";
import { QuoteFacts } from "./QuoteCard";
import { SchemaForm } from "./SchemaForm";
import { isRecord, type Schema } from "./shape";
import { Submit } from "./Submit";
import { FIRST_REQUIREMENTS, FIRST_TERMS, REQUIREMENTS, TERMS } from "./terms";
import { useQuote } from "./useQuote";
import { useSubmission } from "./useSubmission";

const NEVER_CHANGES = { staleTime: Infinity };

/** `like`: the id of a job that is to be run again. */
export function NewJob({ like }: { like: string | null }) {
  const catalogue = queries.useQuery("get", "/api/job-types", {}, NEVER_CHANGES);
  const earlier = queries.useQuery(
    "get",
    "/api/jobs/{job_id}",
    { params: { path: { job_id: like ?? "" } } },
    { ...NEVER_CHANGES, enabled: like !== null },
  );
  const types = catalogue.data?.jobTypes;
  const waits = types === undefined || (like !== null && earlier.isPending);
  const [typed, setTyped] = useState<Typed>();
  const error = catalogue.error ?? earlier.error;
  const first = waits ? undefined : started(types, earlier.data?.job);
  return (
    <>
      {error && (
        <Problem error={error} onRetry={error === catalogue.error ? catalogue.refetch : earlier.refetch} />
      )}
      <Desk types={types} typed={typed ?? first} onType={setTyped} />
    </>
  );
}

/** What was filled in, for each job type that was looked at. */
interface Typed {
  jobType: string;
  drafts: Record<string, Draft>;
}

function started(types: readonly JobType[], earlier: Schemas["Job"] | undefined): Typed | undefined {
  remember(types.flatMap(({ exampleFiles }) => exampleFiles));
  if (earlier) {
    remember(earlier.artifacts);
    return { jobType: earlier.jobType, drafts: { [earlier.jobType]: againOf(earlier) } };
  }
  const [first] = types;
  return first && { jobType: first.jobType, drafts: { [first.jobType]: exampleOf(first) } };
}

interface DeskProps {
  types: readonly JobType[] | undefined;
  typed: Typed | undefined;
  onType: (typed: Typed) => void;
}

function Desk({ types, typed, onType }: DeskProps) {
  const { address } = useWallet();
  const draft = typed?.drafts[typed.jobType];
  const type = types?.find(({ jobType }) => jobType === typed?.jobType);
  const quoted = useQuote(draft, address);
  const submission = useSubmission(type?.exampleFiles ?? []);
  const fields = [...(quoted.error?.fields ?? []), ...(submission.error?.fields ?? [])];
  const change = (next: Draft): void =>
    onType({ jobType: next.jobType, drafts: { ...typed?.drafts, [next.jobType]: next } });
  const choose = (jobType: string): void => {
    const chosen = types?.find((each) => each.jobType === jobType);
    if (chosen) change(typed?.drafts[jobType] ?? exampleOf(chosen));
  };
  return (
    <div className={styles.desk}>
      <JobTypes types={types} value={typed?.jobType} onChange={choose} />
      <div className={styles.layout}>
        {draft ? (
          <Tabs
            tabs={[
              {
                name: "form",
                label: "Form",
                content: <Forms type={type} draft={draft} onChange={change} problems={problemsOf(fields)} />,
              },
              { name: "json", label: "As JSON", content: <AsJson draft={draft} onChange={change} /> },
            ]}
          />
        ) : (
          <Skeleton width="100%" height="40rem" />
        )}
        <div className={styles.aside}>
          <Card title="Quote" aside={draft && <span className="muted small">{words(draft.jobType)}</span>}>
            <div className={styles.panel}>
              <QuoteFacts {...quoted} onRelax={(relaxation) => draft && change(relaxed(draft, relaxation))} />
              <Submit draft={draft} submission={submission} />
            </div>
          </Card>
        </div>
      </div>
    </div>
  );
}

interface FormsProps {
  type: JobType | undefined;
  draft: Draft;
  onChange: (draft: Draft) => void;
  problems: ReadonlyMap<string, string>;
}

function Forms({ type, draft, onChange, problems }: FormsProps) {
  const root = (type?.inputSchema ?? {}) as Schema;
  const { input, requirements, ...terms } = draft;
  const object = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});
  return (
    <div className={styles.main}>
      <Card title="Input">
        <SchemaForm
          key={draft.jobType}
          root={root}
          schema={root}
          path="input"
          value={input}
          problems={problems}
          onChange={(next) => onChange({ ...draft, input: object(next) })}
          first={new Set(Object.keys(type?.example?.input ?? {}))}
        />
        {problems.has("input") && <p className={styles.wrong}>{problems.get("input")}</p>}
      </Card>
      <Card title="Budget and terms">
        <SchemaForm
          root={TERMS}
          schema={TERMS}
          path=""
          value={terms}
          problems={problems}
          onChange={(next) => onChange({ ...(next as Draft), input, requirements })}
          first={FIRST_TERMS}
        />
      </Card>
      <Card title="Requirements">
        <SchemaForm
          root={REQUIREMENTS}
          schema={REQUIREMENTS}
          path="requirements"
          value={requirements}
          problems={problems}
          onChange={(next) => onChange({ ...draft, requirements: object(next) })}
          first={FIRST_REQUIREMENTS}
        />
      </Card>
    </div>
  );
}

function AsJson({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  // What was typed stands for the draft until that is changed elsewhere: by another job type, or what the quote advises.
  const [typed, setTyped] = useState<{ text: string; draft: Draft; error?: string }>();
  const isTyped = typed?.draft === draft;
  const change = (text: string): void => {
    try {
      const next = parsed(text);
      setTyped({ text, draft: next });
      onChange(next);
    } catch (thrown) {
      setTyped({ text, draft, error: (thrown as Error).message });
    }
  };
  return (
    <Card title="The request's body">
      <Field label="Job" hint="The wallet that pays is added." error={isTyped && typed.error}>
        <TextArea
          rows={24}
          className={`mono ${styles.json}`}
          value={isTyped ? typed.text : JSON.stringify(draft, null, 2)}
          onChange={(event) => change(event.target.value)}
          spellCheck={false}
        />
      </Field>
    </Card>
  );
}
