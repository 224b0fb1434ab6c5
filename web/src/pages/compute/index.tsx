/** Compute: a job is made and quoted, and those that were submitted are listed. */
import { useSearchParams } from "wouter";
import { Page } from "@/ui/Page";
import { Tabs } from "@/ui/Tabs";
import { NeedsWallet } from "@/wallet/NeedsWallet";
import { History } from "./History";
import { NewJob } from "./NewJob";

export default function Compute() {
  const [search, setSearch] = useSearchParams();
  const like = search.get("like");
  return (
    <Page title="Compute" lead="Run a job on somebody's GPU: see what it costs first, and watch it run.">
      <Tabs
        value={search.has("mine") ? "mine" : "new"}
        onChange={(name) => setSearch(name === "mine" ? { mine: "" } : {})}
        tabs={[
          {
            name: "new",
            label: "New job",
            content: <NewJob key={like} like={like} />,
          },
          {
            name: "mine",
            label: "My jobs",
            content: (
              <NeedsWallet why="Your jobs are listed for the wallet that paid for them.">
                {(address) => <History address={address} />}
              </NeedsWallet>
            ),
          },
        ]}
      />
    </Page>
  );
}
