/** The choice of what is to be done. */
import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import {
  Boxes,
  Clapperboard,
  GraduationCap,
  Library,
  MessageSquareText,
  ScanEye,
  SquareTerminal,
} from "lucide-react";
import { Skeleton } from "@/ui/Skeleton";
import type { JobType } from "./draft";
import styles from "./JobTypes.module.css";

const ICONS: Record<string, typeof Boxes> = {
  llm_inference: MessageSquareText,
  llm_fine_tuning: GraduationCap,
  rag_indexing: Library,
  vision_pipeline: ScanEye,
  render: Clapperboard,
  generic_compute: SquareTerminal,
};
const EXPECTED = Object.keys(ICONS);

interface Props {
  /** Undefined while loading. */
  types: readonly JobType[] | undefined;
  value: string | undefined;
  onChange: (jobType: string) => void;
}

export function JobTypes({ types, value, onChange }: Props) {
  return (
    <RadioGroup
      aria-label="Job type"
      className={styles.types}
      value={value ?? ""}
      onValueChange={(next) => onChange(next)}
      aria-busy={types === undefined}
    >
      {types === undefined
        ? EXPECTED.map((each) => <Skeleton key={each} width="100%" height="5.75rem" />)
        : types.map(({ jobType, title, description }) => {
            const Icon = ICONS[jobType] ?? Boxes;
            return (
              <Radio.Root key={jobType} value={jobType} className={styles.type} aria-label={title}>
                <Icon aria-hidden className={styles.icon} />
                <span className={styles.text}>
                  <span className={styles.title}>{title}</span>
                  <span className={styles.about}>{description}</span>
                </span>
              </Radio.Root>
            );
          })}
    </RadioGroup>
  );
}
