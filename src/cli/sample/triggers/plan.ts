const durations = 'maxDuration: 2m, retries: 0';

/**
 * The plan of `andon sample --triggers`: seconds stand where a real plan has hours. Its deadline is filled in when the
 * first agents are at work.
 */
export const triggersPlan = `# The plan of Andon's sample line, with what happens by itself.
version: 1
project: till
done: landed
phases: [build]
lease: 5m
limits: { implementer: { complexity: 8, functionLines: 60 } }
gates:
  tests: { run: node --test, timeout: 2m }
agents:
  lead: { tier: executive, adapter: command, run: andon sample --agent triggers-lead, ${durations} }
  builder: { tier: implementer, adapter: command, run: andon sample --agent triggers-builder, ${durations} }
  dawdler: { tier: implementer, adapter: command, run: andon sample --agent triggers-dawdler, ${durations} }
  reviewer: { tier: validator, role: CODE_REVIEWER, adapter: command, run: andon sample --agent triggers-reviewer, ${durations} }
  emergency: { tier: implementer, adapter: command, run: andon sample --agent triggers-builder, ${durations} }
tasks:
  guide:
    title: Say what the library does
    phase: build
    write: ["docs/**"]
  parse:
    title: Read amounts that people type
    phase: build
    write: ["src/parse.js", "test/parse.test.js"]
    gates: [tests]
  format:
    title: Show amounts to people
    phase: build
    write: ["src/format.js", "test/format.test.js"]
    gates: [tests]
triggers:
  review:                          # cron: each morning, here every ten seconds
    { cron: "*/10 * * * * *", zone: Europe/Berlin,
      spawn: reviewer, maxDuration: 1m, mission: "Review what waits for a verdict" }
  ladder:                          # deadline: 24 h, 12 h and 6 h before, here 36 s, 32 s and 18 s
    deadline: [{ before: 36s, notify: holder }, { before: 32s, notify: "tier:executive" },
               { before: 18s, spawn: emergency }]
  build-broken:                    # event: the second failed build in a row
    { on: gate.ended, where: { data.gate: tests, data.passed: false }, consecutive: 2,
      spawn: builder, role: DEBUGGER, for: event }
  idle:                            # periodic: every two hours, here every six seconds
    { every: 6s,
      audit: idle, over: 5s }
`;

/** Seconds from now to the deadline of `format`, when the ones who work on it are there. */
export const deadlineSeconds = 40;

/** The plan with a deadline. */
export const withDeadline = (at: Date): string =>
  triggersPlan.replace(
    '    title: Show amounts to people\n',
    (line) => `${line}    deadline: ${at.toISOString()}\n`,
  );
