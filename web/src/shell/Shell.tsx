/** What is around every page: navigation, wallet, theme, and facts about the chain. */
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { useChain } from "@/api/chain";
import { Address } from "@/ui/Address";
import { Skeleton } from "@/ui/Skeleton";
import { WalletButton } from "@/wallet/WalletButton";
import mark from "./mark.svg";
import styles from "./Shell.module.css";
import { ThemeButton } from "./ThemeButton";

const NAVIGATION = [
  ["/", "Network"],
  ["/verify", "Verify"],
  ["/provide", "Provide"],
  ["/compute", "Compute"],
  ["/wallet", "Wallet"],
  ["/agents", "Agents"],
] as const;

export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className={styles.shell}>
      <a href="#main" className={styles.skip}>
        Skip to content
      </a>
      <header className={styles.header}>
        <div className={styles.bar}>
          <Link href="/" className={styles.brand}>
            <img src={mark} alt="" width={24} height={24} />
            Hypernode
          </Link>
          <Navigation />
          <div className={styles.tools}>
            <ThemeButton />
            <WalletButton />
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className={styles.main}>
        {children}
      </main>
      <Footer />
    </div>
  );
}

function Navigation() {
  const [location] = useLocation();
  return (
    <nav aria-label="Pages" className={styles.navigation}>
      {NAVIGATION.map(([href, name]) => {
        const isHere = href === "/" ? location === "/" : location.startsWith(href);
        return (
          <Link key={href} href={href} className={styles.place} aria-current={isHere ? "page" : undefined}>
            {name}
          </Link>
        );
      })}
    </nav>
  );
}

function Footer() {
  const chain = useChain().data;
  const facts = [
    ["Chain", chain?.network],
    ["HYPER mint", chain && <Address value={chain.hyperTokenMint} />],
    ["Receipts anchored by", chain && <Address value={chain.anchorKey} />],
  ] as const;
  return (
    <footer className={styles.footer}>
      <div className={styles.facts}>
        <dl className={styles.chain}>
          {facts.map(([name, value]) => (
            <div key={name} className={styles.fact}>
              <dt>{name}</dt>
              <dd>{value ?? <Skeleton width="8ch" />}</dd>
            </div>
          ))}
        </dl>
        <a href="/docs">API reference</a>
      </div>
    </footer>
  );
}
