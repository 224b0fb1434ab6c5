/** Makes an API key, and shows its secret once. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { answered, api, type Schemas } from "@/api/client";
import { asApiError } from "@/api/errors";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Code } from "@/ui/Code";
import { Dialog } from "@/ui/Dialog";
import { Field, Input } from "@/ui/Field";
import { Problem } from "@/ui/Problem";
import { Select } from "@/ui/Select";
import forms from "./forms.module.css";
import { BLANK, bodyOf, faultsIn, LIVES, SCOPES } from "./keys";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function NewKeyDialog({ open, onOpenChange }: Props) {
  const making = useMaking();
  const change = (next: boolean): void => {
    if (!next) making.reset();
    onOpenChange(next);
  };
  const made = making.data;
  return (
    <Dialog
      open={open}
      onOpenChange={change}
      title={made ? "The new key" : "New API key"}
      description={
        made
          ? "Copy it now: it is shown once, and kept by nobody but you. Whoever has it can do what it may."
          : "For a program or an agent that acts for this wallet."
      }
    >
      {made ? (
        <>
          <Code label="Key" wrap>
            {made.token}
          </Code>
          <p className="muted small">
            Programs send it as <code>Authorization: Bearer …</code>; the <code>hypernode</code> command reads
            it from <code>HYPERNODE_TOKEN</code>.
          </p>
          <div className={forms.end}>
            <Button variant="primary" onClick={() => change(false)}>
              I have copied it
            </Button>
          </div>
        </>
      ) : (
        <Form busy={making.isPending} refused={making.error} onSubmit={(body) => making.mutate(body)} />
      )}
    </Dialog>
  );
}

/** The same key is the same request: if its answer was lost, a second try still gets the secret. */
function useMaking() {
  const client = useQueryClient();
  const last = useRef({ text: "", key: "" });
  return useMutation({
    mutationFn: (body: Schemas["CreateKey"]) => {
      const text = JSON.stringify(body);
      if (last.current.text !== text) last.current = { text, key: crypto.randomUUID() };
      const header = { "Idempotency-Key": last.current.key };
      return answered(api.POST("/api/keys", { body, params: { header } }));
    },
    onSuccess: () => {
      last.current = { text: "", key: "" };
      return client.invalidateQueries({ queryKey: ["get", "/api/keys"] });
    },
  });
}

interface FormProps {
  busy: boolean;
  refused: unknown;
  onSubmit: (body: Schemas["CreateKey"]) => void;
}

function Form({ busy, refused, onSubmit }: FormProps) {
  const [draft, setDraft] = useState(BLANK);
  const faults = faultsIn(draft);
  const error = refused ? asApiError(refused) : null;
  const placed = ["name", "spendingLimit"].some((path) => error?.expected(path) !== undefined);
  const submit = (event: React.SyntheticEvent): void => {
    event.preventDefault();
    if (Object.keys(faults).length === 0) onSubmit(bodyOf(draft));
  };
  return (
    <form className={forms.form} onSubmit={submit} noValidate>
      <Field label="Name" optional hint="What uses it, to know it by later" error={error?.expected("name")}>
        <Input
          value={draft.name}
          placeholder="My agent"
          autoComplete="off"
          onChange={(event) => setDraft({ ...draft, name: event.target.value })}
        />
      </Field>
      <fieldset className={forms.scopes}>
        <legend>What it may do</legend>
        {SCOPES.map(([scope, label, hint]) => (
          <Checkbox
            key={scope}
            label={label}
            hint={hint}
            checked={draft.scopes.includes(scope)}
            onChange={(checked) => {
              const others = draft.scopes.filter((each) => each !== scope);
              setDraft({ ...draft, scopes: checked ? [...others, scope] : others });
            }}
          />
        ))}
        {faults.scopes && <p className={forms.bad}>{faults.scopes}</p>}
      </fieldset>
      <div className={forms.pair}>
        <Field label="Ends after">
          <Select options={LIVES} value={draft.life} onChange={(life) => setDraft({ ...draft, life })} />
        </Field>
        <Field
          label="Spending limit"
          optional
          hint="What its jobs may hold, all together"
          error={faults.spendingLimit ?? error?.expected("spendingLimit")}
        >
          <Input
            value={draft.spendingLimit}
            inputMode="decimal"
            autoComplete="off"
            placeholder="None"
            unit="HYPER"
            onChange={(event) => setDraft({ ...draft, spendingLimit: event.target.value })}
          />
        </Field>
      </div>
      {error && !placed && <Problem error={error} />}
      <div className={forms.end}>
        <Button type="submit" variant="primary" busy={busy} disabled={Object.keys(faults).length > 0}>
          Make the key
        </Button>
      </div>
    </form>
  );
}
