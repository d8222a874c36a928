import { resolve } from 'node:path';
import { defineConfig } from 'vite';

/** The page: static files with hashed names, nothing inline, nothing from elsewhere. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  logLevel: 'warn',
  // Found at the first load otherwise, which Vite then repeats under the hands of whoever types.
  optimizeDeps: {
    include: [
      'react',
      'react/jsx-runtime',
      'react/jsx-dev-runtime',
      'react-dom/client',
      '@tanstack/react-query',
      '@tanstack/react-virtual',
      'wouter',
    ],
  },
  // `npm run page`: the gateway behind the origin of this server, as at the end of a tunnel.
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: true,
    proxy: { '^/(?:trpc|session)(?:/|$|\\?)': { target: process.env.ANDON_URL ?? '', changeOrigin: false } },
  },
  build: {
    outDir: resolve(import.meta.dirname, '../dist/page'),
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      // Directives for servers, which this page has none of.
      onwarn: (warning, warn) => {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
});
