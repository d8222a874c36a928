import { type DirectProcedure, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { codeProcedure } from './code.ts';
import { mineProcedure } from './mine.ts';
import { previewProcedure } from './preview.ts';
import { endProcedure, sessionsProcedure } from './sessions-list.ts';
import { wallProcedure } from './wall.ts';

/** The page: its sessions, and the facts of its screens. */
export function pageRouter(gateway: Gateway, procedures: () => ReadonlyMap<string, DirectProcedure>) {
  return t.router({
    code: codeProcedure(gateway),
    sessions: sessionsProcedure(gateway),
    end: endProcedure(gateway),
    mine: mineProcedure(gateway),
    preview: previewProcedure(gateway, procedures),
    wall: wallProcedure(gateway),
  });
}
