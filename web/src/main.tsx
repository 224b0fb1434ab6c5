import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/client";
import { App } from "./App";
import { applyTheme, chosenTheme } from "./shell/theme";
import "./ui/tokens.css";
import "./ui/base.css";
import { Notices } from "./shell/Notices";
import { WalletProvider } from "./wallet/WalletContext";

applyTheme(chosenTheme());

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <WalletProvider>
          <App />
          <Notices />
        </WalletProvider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
