import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const api = process.env.TASKIFY_PUBLIC_API_URL ?? "http://localhost:8000";

const source = fileURLToPath(new URL("./src", import.meta.url));
/** For weighing the page: `--mode without-notifications` leaves out all that they need, and nothing else. */
const without = {
  find: /^@\/(features\/notifications|realtime)\/.*/u,
  replacement: `${source}/testing/without-notifications`,
};

export default defineConfig(({ mode }) => ({
  plugins: [react()],
  resolve: {
    alias: [...(mode === "without-notifications" ? [without] : []), { find: "@", replacement: source }],
  },
  build: {
    target: "es2022",
    // Nothing is inlined, so that a policy of `default-src 'self'` needs no exception for data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One file of styles: Vite asks for that of a part once, so a part whose styles were lost on the way would be shown
    // without any from then on.
    cssCodeSplit: false,
  },
  server: {
    proxy: { "/api": api, "/config.json": api },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    css: { modules: { classNameStrategy: "non-scoped" } },
    restoreMocks: true,
    // Each ends a hang, and nothing else.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
}));
