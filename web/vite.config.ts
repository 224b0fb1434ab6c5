import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const COORDINATOR = process.env["HYPERNODE_URL"] ?? "http://127.0.0.1:3001";

/** The first paint is the right one: the font is fetched at once, and nothing is shown before the theme is known. */
const firstPaint: Plugin = {
  name: "first-paint",
  transformIndexHtml: {
    order: "post",
    handler(html, { bundle }) {
      const font = Object.keys(bundle ?? {}).find((name) => /geist-latin-wght-normal.*\.woff2$/.test(name));
      const early = html.replace('<script type="module"', '<script type="module" blocking="render"');
      if (font === undefined) return early;
      const attrs = { rel: "preload", as: "font", type: "font/woff2", href: `/${font}`, crossorigin: true };
      return { html: early, tags: [{ tag: "link", attrs, injectTo: "head-prepend" }] };
    },
  },
};

export default defineConfig({
  plugins: [react(), firstPaint],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  build: {
    manifest: true,
    assetsInlineLimit: 0, // The Content-Security-Policy allows no data: addresses.
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/health", "/metrics", "/openapi.json", "/docs"].map((path) => [
        path,
        { target: COORDINATOR, ws: true },
      ]),
    ),
  },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
