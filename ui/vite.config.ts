import { defineConfig } from 'vite'
import solid from 'vite-plugin-solid'

// The manager serves ui/dist under /app/; `vite` alone proxies to a manager for work on the dashboard.
export default defineConfig({
  base: '/app/',
  plugins: [solid()],
  build: {
    rolldownOptions: { checks: { pluginTimings: false } },
    target: 'es2023',
    sourcemap: false,
    // For the budget test, which follows what a first page loads.
    manifest: true,
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': process.env.FARM_MANAGER ?? 'http://127.0.0.1:8080' } },
})
