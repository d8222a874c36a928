export { type App, startApp } from './app.ts';
export { type Config, configure } from './config.ts';
export { type Client, createClient } from './gateway/client.ts';
export type { AppRouter } from './gateway/routers/index.ts';
export { AndonError } from './lib/errors.ts';
