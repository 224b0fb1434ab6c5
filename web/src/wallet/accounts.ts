/** What a Wallet Standard wallet must be able to do to be of use here. */
import type { UiWallet, UiWalletAccount } from "@wallet-standard/react";

/** The wallet did not do what it was asked for. The message is fit to show. */
export class WalletProblem extends Error {
  override readonly name = "WalletProblem";
}

export function isSolanaWallet(wallet: UiWallet): boolean {
  const canSignIn =
    wallet.features.includes("solana:signIn") || wallet.features.includes("solana:signMessage");
  return canSignIn && wallet.features.includes("standard:connect") && wallet.chains.some(isSolana);
}

export function isSolanaAccount(account: UiWalletAccount): boolean {
  return account.chains.some(isSolana);
}

/** The Wallet Standard's name of the network's chain. */
export function chainOf(network: string): `solana:${string}` {
  if (network === "mainnet-beta") return "solana:mainnet";
  return network === "devnet" || network === "testnet" ? `solana:${network}` : "solana:localnet";
}

function isSolana(chain: string): boolean {
  return chain.startsWith("solana:");
}
