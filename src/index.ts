export { type App, startApp } from './app.ts';
export { type Client, createClient } from './client.ts';
export { type Config, configure } from './config.ts';
export type { AppRouter } from './gateway/router.ts';
export { AndonError } from './lib/errors.ts';
