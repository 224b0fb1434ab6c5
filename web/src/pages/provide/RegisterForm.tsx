/** Describes a machine. What is wrong is said at its field, whether it was found here or by the coordinator. */
import { useEffect, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { asApiError } from "@/api/errors";
import { Button } from "@/ui/Button";
import { Field, Input } from "@/ui/Field";
import { formatHyper } from "@/ui/money";
import { Problem } from "@/ui/Problem";
import dialogs from "./dialogs.module.css";
import styles from "./RegisterForm.module.css";
import { BLANK, bodyOf, faultsIn, type FieldName } from "./registration";
import type { Market } from "./reasons";

interface Props {
  wallet: string;
  /** Names that the wallet's machines have. */
  taken: readonly string[];
  market: Market | undefined;
  busy: boolean;
  refused: unknown;
  onSubmit: (body: Schemas["RegisterNode"]) => void;
}

interface Shown {
  name: FieldName;
  label: string;
  unit?: string;
  hint?: string;
  placeholder?: string;
  decimal?: boolean;
}

const HARDWARE: Shown[] = [
  { name: "gpuModel", label: "GPU", placeholder: "NVIDIA GeForce RTX 4090" },
  { name: "vram", label: "VRAM", unit: "GB", placeholder: "24", decimal: true, hint: "Of one GPU" },
  { name: "gpuCount", label: "GPUs", placeholder: "1", decimal: true },
  { name: "location.country", label: "Country", placeholder: "Germany" },
];
const MORE: Shown[] = [
  { name: "location.city", label: "City", placeholder: "Berlin" },
  { name: "location.lat", label: "Latitude", placeholder: "52.5" },
  { name: "location.lon", label: "Longitude", placeholder: "13.4" },
  { name: "ramTotal", label: "Memory", unit: "GB", placeholder: "64", decimal: true },
  { name: "cpuModel", label: "CPU", placeholder: "AMD Ryzen 9 7950X" },
  { name: "hostOS", label: "Operating system", placeholder: "Ubuntu 24.04" },
  { name: "driverVersion", label: "GPU driver", placeholder: "550.54" },
  { name: "cudaVersion", label: "CUDA", placeholder: "12.4" },
  { name: "computeCapability", label: "Compute capability", placeholder: "8.9" },
  {
    name: "capabilities",
    label: "Capabilities",
    placeholder: "inference, render",
    hint: "Set apart by commas",
  },
];

export function RegisterForm({ wallet, taken, market, busy, refused, onSubmit }: Props) {
  const [draft, setDraft] = useState(BLANK);
  const [tries, setTries] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (tries > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [tries, refused]);
  const faults = tries > 0 ? faultsIn(draft, taken) : {};
  const error = refused ? asApiError(refused) : null;
  const faultOf = (name: FieldName): string | undefined => faults[name] ?? error?.expected(name);
  const unplaced = error && !error.fields.some(({ path }) => path in BLANK);
  const submit = (event: React.SyntheticEvent): void => {
    event.preventDefault();
    setTries(tries + 1);
    if (Object.keys(faultsIn(draft, taken)).length === 0) onSubmit(bodyOf(draft, wallet));
  };
  const field = ({ name, label, unit, hint, placeholder, decimal }: Shown, optional = true) => (
    <Field key={name} label={label} optional={optional} hint={hint} error={faultOf(name)}>
      <Input
        value={draft[name]}
        unit={unit}
        placeholder={placeholder}
        inputMode={decimal ? "decimal" : "text"}
        autoComplete="off"
        required={!optional}
        onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
      />
    </Field>
  );
  return (
    <form ref={form} className={dialogs.form} onSubmit={submit} noValidate>
      <div className={styles.fields}>
        {field({ name: "machineId", label: "Name of the machine", placeholder: "rig-1" }, false)}
        {field(
          {
            name: "price",
            label: "Price an hour",
            unit: "HYPER",
            placeholder: market ? formatHyper(market.medianPrice) : "0.5",
            decimal: true,
            hint: market
              ? `Median of those online: ${formatHyper(market.medianPrice)}`
              : "0 works for nothing",
          },
          false,
        )}
        {HARDWARE.map((each) => field(each))}
      </div>
      <details
        className={styles.more}
        open={MORE.some(({ name }) => faultOf(name) !== undefined) || undefined}
      >
        <summary>More about the machine</summary>
        <div className={styles.fields}>{MORE.map((each) => field(each))}</div>
      </details>
      {unplaced && <Problem error={error} />}
      <div className={dialogs.actions}>
        <Button type="submit" variant="primary" busy={busy}>
          Register
        </Button>
      </div>
    </form>
  );
}
