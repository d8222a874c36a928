import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../../store/replace-file.ts';

/**
 * The pre-receive hook: it reports to the gateway, by descriptor 3, the quarantine and the refs that would
 * move, and waits on descriptor 4 for lines to print and the decision. Shell builtins only, no process is
 * started. Any fault (no descriptor, no gateway, half an answer) ends in exit 1: the push is refused.
 */
const preReceive = `#!/bin/sh
# Written by Andon at every start; changes are lost. Asks the gateway, which started this push, to judge it.
say() { printf '%s\\n' "$1" >&2; }
{
  printf 'push 1\\n%s\\n%s\\n' "$GIT_OBJECT_DIRECTORY" "$GIT_ALTERNATE_OBJECT_DIRECTORIES" &&
  while IFS= read -r update; do printf '%s\\n' "$update" || exit 1; done &&
  printf 'end\\n'
} >&3 || { say 'andon: refused: the gateway cannot be asked; push again'; exit 1; }
while IFS= read -r line <&4; do
  case $line in
    accept) exit 0 ;;
    refuse) exit 1 ;;
    'say '*) say "\${line#say }" ;;
  esac
done
say 'andon: refused: the gateway did not answer; push again'
exit 1
`;

/** Writes the hook into a folder that only Andon writes to, and that `core.hooksPath` names. */
export async function installHook(hooksDir: string): Promise<void> {
  await mkdir(hooksDir, { recursive: true, mode: 0o700 });
  // A push of another gateway may be starting the hook at this moment.
  await replaceFile(join(hooksDir, 'pre-receive'), preReceive, { mode: 0o700 });
}
