/** A chat with a language model: what was asked, and the answer as it comes. */
import * as v from "valibot";
import type { Schemas } from "@/api/client";
import { Card } from "@/ui/Card";
import { Code } from "@/ui/Code";
import { Copy } from "@/ui/Copy";
import { Skeleton } from "@/ui/Skeleton";
import { classes, count, number } from "@/ui/text";
import styles from "./results.module.css";
import type { Answer } from "./shapes";

const Asked = v.object({
  prompt: v.nullish(v.string()),
  messages: v.nullish(v.array(v.object({ role: v.string(), content: v.nullish(v.string()) }))),
  embed: v.nullish(v.array(v.string())),
});

interface Props {
  input: Schemas["Job"]["input"];
  text: string;
  /** Once it is complete. */
  answer?: Answer;
  isWriting?: boolean;
}

export function ChatResult({ input, text, answer, isWriting = false }: Props) {
  const turns = turnsOf(input);
  const vectors = answer?.embeddings ?? [];
  return (
    <Card title="Chat" aside={text !== "" && <Copy text={text} what="the answer" />}>
      <ol className={styles.chat}>
        {turns.map(({ role, content }, index) => (
          <li key={index} className={classes(styles.turn, role === "user" && styles.mine)}>
            <p className={styles.role}>{role}</p>
            <p className={styles.said}>{content}</p>
          </li>
        ))}
        {(isWriting || answer) && (
          <li className={styles.turn}>
            <p className={styles.role}>{answer?.model ?? "assistant"}</p>
            {answer && answer.reasoning !== "" && (
              <details>
                <summary className="muted">What it thought first</summary>
                <p className={styles.said}>{answer.reasoning}</p>
              </details>
            )}
            {text === "" && isWriting ? (
              <Skeleton width="min(24rem, 80%)" />
            ) : (
              // Each piece would be read out on its own: the whole is told when it is there.
              <p className={classes(styles.said, isWriting && styles.writing)} aria-live="off">
                {text}
              </p>
            )}
            {answer?.toolCalls.map((call, index) => (
              <Code key={index} label={`Calls ${call.function.name}`} wrap>
                {call.function.arguments}
              </Code>
            ))}
            {vectors.length > 0 && (
              <p>
                {count(vectors.length, "vector")} of {number(vectors[0]?.length ?? 0)} numbers
              </p>
            )}
          </li>
        )}
      </ol>
      {answer && <p className={styles.figures}>{figures(answer)}</p>}
    </Card>
  );
}

function turnsOf(input: Props["input"]): { role: string; content: string }[] {
  const { success, output } = v.safeParse(Asked, input);
  if (!success) return [];
  if (output.messages) return output.messages.map(({ role, content }) => ({ role, content: content ?? "" }));
  const asked = output.embed ? output.embed : output.prompt != null ? [output.prompt] : [];
  return asked.map((content) => ({ role: "user", content }));
}

const ENDS: Record<string, string> = {
  stop: "ended by itself",
  length: "cut off at the most tokens that were asked for",
  tool_calls: "waits for the answers of its calls",
};

function figures({ promptTokens, completionTokens, finishReason, seed }: Answer): string {
  const parts = [
    `${number(promptTokens)} tokens in, ${number(completionTokens)} out`,
    ENDS[finishReason] ?? finishReason,
    ...(seed == null ? [] : [`seed ${seed}`]),
  ];
  return parts.join(" · ");
}
