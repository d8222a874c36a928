import { readFile } from 'node:fs/promises';
import type * as Module from '@biscuit-auth/biscuit-wasm';

export type Biscuit = typeof Module;

/** The used part of WebAssembly; its types come with a browser's library only. */
interface Wasm {
  Module: { imports(compiled: object): { module: string }[] };
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(compiled: object, imports: object): Promise<{ exports: Record<string, () => void> }>;
}

/**
 * Loads Biscuit's wasm by hand: the package imports a `.wasm` as a module, which Node does only behind a flag.
 */
export async function loadBiscuit(): Promise<Biscuit> {
  const home = import.meta.resolve('@biscuit-auth/biscuit-wasm');
  const bindings = (await import(new URL('./biscuit_bg.js', home).href)) as Biscuit & {
    __wbg_set_wasm(exports: object): void;
  };
  const { WebAssembly } = globalThis as never as { WebAssembly: Wasm };
  const compiled = await WebAssembly.compile(await readFile(new URL('./biscuit_bg.wasm', home)));
  const imports: Record<string, object> = {};
  for (const { module } of WebAssembly.Module.imports(compiled)) {
    imports[module] = (await import(new URL(module, home).href)) as object;
  }
  const { exports } = await WebAssembly.instantiate(compiled, imports);
  bindings.__wbg_set_wasm(exports);
  exports.__wbindgen_start?.();
  return bindings;
}
