/** How an agent uses the network: a key with a limit, and programs that work as pasted. */
import type { ReactNode } from "react";
import { KeyRound } from "lucide-react";
import { Link } from "wouter";
import { Button, ButtonLink } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Code } from "@/ui/Code";
import { Page } from "@/ui/Page";
import { Tabs } from "@/ui/Tabs";
import { useWallet } from "@/wallet/WalletContext";
import styles from "./agents.module.css";
import { filled, type Language, SNIPPETS } from "./snippets";

interface Shown {
  name: Language;
  label: string;
  file: string;
  run: string;
  needs: ReactNode;
}

const SHOWN: readonly Shown[] = [
  { name: "curl", label: "curl", file: "agent.sh", run: "bash agent.sh", needs: "curl and a POSIX shell." },
  {
    name: "python",
    label: "Python",
    file: "agent.py",
    run: "python agent.py",
    needs: (
      <>
        Python 3.11 or newer with the <code>hypernode</code> package, which holds the SDK.{" "}
        <code>AsyncClient</code> has the same methods.
      </>
    ),
  },
  {
    name: "javascript",
    label: "JavaScript",
    file: "agent.mjs",
    run: "node agent.mjs",
    needs: "Node.js 20 or newer, and no package.",
  },
];

export default function Agents() {
  const { address } = useWallet();
  return (
    <Page title="Agents" lead="How an agent uses the network, with snippets that work as pasted.">
      <div className={styles.layout}>
        <div className={styles.main}>
          <Card title="1. Give the agent a key">
            <Key address={address} />
          </Card>
          <Card title="2. Run a job">
            <Tabs
              tabs={SHOWN.map(({ name, label, file, run, needs }) => ({
                name,
                label,
                content: (
                  <div className={styles.main}>
                    <p className="muted">
                      Needs {needs} Save it as <code>{file}</code>, put the key in, and run <code>{run}</code>
                      .
                    </p>
                    <Code label={file}>{filled(SNIPPETS[name], location.origin, address)}</Code>
                  </div>
                ),
              }))}
            />
          </Card>
        </div>
        <Card title="What an agent can rely on">
          <Promises />
        </Card>
      </div>
    </Page>
  );
}

function Key({ address }: { address: string | null }) {
  const { open } = useWallet();
  return (
    <div className={styles.main}>
      <p>
        A key acts for your wallet and holds no secret of it. Give it the scope <code>jobs</code>, a date when
        it ends, and a <strong>spending limit</strong>: the most HYPER that its jobs may lock, all together.
        It is shown once, and you can revoke it at any time.
      </p>
      <div className={styles.actions}>
        {address === null ? (
          <Button variant="primary" onClick={open}>
            Connect a wallet
          </Button>
        ) : (
          <ButtonLink href="/wallet" variant="primary" icon={<KeyRound />}>
            Make a key
          </ButtonLink>
        )}
        <p className="muted small">
          {address === null
            ? "Then the snippets have your address in them, and you can make a key."
            : "On the page of your wallet, whose balance the agent spends from."}
        </p>
      </div>
      <p className="muted">Or in a terminal, with the wallet&apos;s key file:</p>
      <Code label="Command" wrap>
        {`hypernode keys create my-agent --scope jobs --spending-limit 5 --days 30 --wallet wallet.json --url ${location.origin}`}
      </Code>
    </div>
  );
}

function Promises() {
  const promises: readonly [string, ReactNode][] = [
    [
      "The budget is a ceiling",
      "It is locked when the job is submitted. The job is paid by its work; the rest comes back by itself.",
    ],
    [
      "Nothing happens twice",
      <>
        A POST with an <code>Idempotency-Key</code> can be sent again until there is an answer.
      </>,
    ],
    [
      "Events have no gaps",
      <>
        Each has a number. <code>?after=</code> goes on behind one, on another connection too.{" "}
        <code>/api/events</code> is the same as a WebSocket, for all jobs of the wallet.
      </>,
    ],
    [
      "Errors can be read by programs",
      <>
        Problem details with a stable <code>code</code>, and every bad field at once. 429 and 503 say in{" "}
        <code>Retry-After</code> when to come back.
      </>,
    ],
    [
      "What it needs is said",
      <>
        <code>requirements</code> choose the node; left out, a job asks for 8 GB of VRAM. A quote, and{" "}
        <code>/explain</code> of a job that waits, name what to relax.
      </>,
    ],
    [
      "Forms are data",
      <>
        <a href="/api/job-types">/api/job-types</a> has each job type&apos;s JSON Schema and an example;{" "}
        <a href="/openapi.json">/openapi.json</a> the whole API; <a href="/docs">/docs</a> is to be read.
      </>,
    ],
    [
      "Results can be checked",
      <>
        <code>&quot;assurance&quot;: &quot;always&quot;</code> has another node check the result before it is
        paid. The receipt is <Link href="/verify">verified</Link> without trusting this server.
      </>,
    ],
  ];
  return (
    <dl className={styles.promises}>
      {promises.map(([name, what]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}
