"""All that touches Solana: RPC client, tokens, chain transactions, sign-in, receipts' anchors, the localnet."""
