import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const server = 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  experimental: {
    // Only index.html names assets absolutely; scripts and styles find each other relatively.
    // So a CDN prefix put into index.html moves everything, without a new build.
    renderBuiltUrl: (filename, { hostType }) => (hostType === 'html' ? `/${filename}` : { relative: true }),
  },
  build: {
    target: 'es2022',
    // No inlining: the page's policy lets fonts and styles come from its own origin only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // Libraries change less often than the shop, so browsers may keep them when it does.
        codeSplitting: {
          groups: [
            // Only pages with a connection carry what makes one.
            { name: 'sockets', test: /node_modules.(@?socket\.io|engine\.io)/, priority: 1 },
            { name: 'libraries', test: /node_modules.*\.[jt]sx?$/ },
            { name: 'shared', minShareCount: 2 },
          ],
        },
      },
    },
  },
  server: {
    port: 5173,
    proxy: {
      // The server checks Origin against its own address, so the proxy speaks in its name.
      '/api': { target: server, changeOrigin: true, headers: { origin: server } },
      '/media': { target: server, changeOrigin: true },
      '/socket.io': { target: server, changeOrigin: true, ws: true, headers: { origin: server } },
    },
  },
  test: { include: ['src/**/*.test.ts'] },
})
