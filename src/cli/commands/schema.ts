import type { Command } from 'commander';
import { act, leaf } from '../command.ts';
import type { World } from '../world.ts';

/**
 * The command `andon schema`: the JSON Schema of andon.yaml, the same as the file andon.schema.json of the
 * package.
 */
export function schemaCommand(world: World): Command {
  return leaf('schema', 'print the JSON Schema of andon.yaml').action(
    act(world, async () => {
      const { planJsonSchema } = await import('../../plan/plan.ts');
      const schema = planJsonSchema();
      return { data: schema, lines: [JSON.stringify(schema, undefined, 2)] };
    }),
  );
}
