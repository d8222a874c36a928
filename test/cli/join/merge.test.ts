import { describe, expect, it } from 'vitest';
import {
  markdownMarks,
  tomlMarks,
  withHook,
  withMarked,
  withServer,
  withSkill,
  withTable,
} from '../../../src/cli/join/merge.ts';

const marked = (before: string, text = 'hello') => withMarked('AGENTS.md', before, text, markdownMarks);

describe('putting a text between marks', () => {
  it.each(['', 'Ours.', 'Ours.\n', 'Ours.\r\n\r\nMore\r\n'])(
    'keeps %j, and changes nothing the second time',
    (before) => {
      const once = marked(before);
      expect(once.startsWith(before)).toBe(true);
      expect(once).toContain('<!-- andon:begin -->\nhello\n<!-- andon:end -->\n');
      expect(marked(once)).toBe(once);
    },
  );

  it('replaces what stands between the marks, and nothing around them', () => {
    const once = marked('before\n');
    expect(marked(`${once}after\n`, 'other')).toBe(`${once.replace('hello', 'other')}after\n`);
  });

  it.each([
    '<!-- andon:begin -->\n',
    '<!-- andon:end -->\n',
    '<!-- andon:end -->\n<!-- andon:begin -->\n',
    '<!-- andon:begin -->\n<!-- andon:begin -->\n<!-- andon:end -->\n',
  ])('refuses broken marks: %j', (before) => {
    expect(() => marked(before)).toThrow(/broken marks/);
  });

  it('takes marks in the middle of a line for text', () => {
    const before = 'write <!-- andon:begin --> yourself\n';
    expect(marked(before)).toContain(before);
  });
});

describe('.mcp.json', () => {
  const server = { type: 'http', url: 'http://127.0.0.1:1/mcp' };
  it('gets the server beside those that are there, once', () => {
    const before = '{"other":1,"mcpServers":{"mine":{"command":"x"}}}';
    const once = withServer('.mcp.json', before, server);
    expect(JSON.parse(once)).toEqual({ other: 1, mcpServers: { mine: { command: 'x' }, andon: server } });
    expect(withServer('.mcp.json', once, server)).toBe(once);
  });

  it.each(['not json', '[]', '7', '{"mcpServers":[]}'])('stays as it is when it holds %j', (before) => {
    expect(() => withServer('.mcp.json', before, server)).toThrow(/by hand/);
  });
});

describe('.codex/config.toml', () => {
  const table = '[mcp_servers.andon]\nurl = "x"';
  it('gets the table behind what is there, once', () => {
    const once = withTable('config.toml', 'model = "x"\n', table);
    expect(once).toBe(`model = "x"\n\n${tomlMarks.begin}\n${table}\n${tomlMarks.end}\n`);
    expect(withTable('config.toml', once, table)).toBe(once);
  });

  it.each(['[mcp_servers.andon]\n', ' [ mcp_servers . "andon" ]\n', '[mcp_servers.andon.env]\n'])(
    'stays as it is when somebody wrote %j',
    (before) => {
      expect(() => withTable('config.toml', before, table)).toThrow(/did not write/);
    },
  );
});

describe('the skill', () => {
  it('replaces its own earlier form, and no other', () => {
    const own = '<!-- andon: written by andon join -->\nold';
    expect(withSkill('SKILL.md', own, 'new')).toBe('new');
    expect(withSkill('SKILL.md', '', 'new')).toBe('new');
    expect(() => withSkill('SKILL.md', 'mine', 'new')).toThrow(/did not write/);
  });
});

describe('the hook of a session', () => {
  const entry = {
    matcher: 'startup',
    hooks: [{ type: 'command', command: 'andon continue --hook', timeout: 10 }],
  };
  const hooked = (before: string) => withHook('settings.json', before, 'SessionStart', entry);

  it('stands beside the hooks and settings of others, once', () => {
    const mine = { matcher: 'startup', hooks: [{ type: 'command', command: 'mine' }] };
    const once = hooked(JSON.stringify({ model: 'x', hooks: { Stop: [mine], SessionStart: [mine] } }));
    expect(JSON.parse(once)).toEqual({ model: 'x', hooks: { Stop: [mine], SessionStart: [mine, entry] } });
    expect(hooked(once)).toBe(once);
    expect(JSON.parse(hooked(''))).toEqual({ hooks: { SessionStart: [entry] } });
  });

  it('takes the place of its earlier form, and of nothing that runs other commands too', () => {
    const former = { matcher: 'resume', hooks: entry.hooks };
    const both = { matcher: 'resume', hooks: [...entry.hooks, { type: 'command', command: 'mine' }] };
    const text = JSON.stringify({ hooks: { SessionStart: [former, both, 'odd'] } });
    expect(JSON.parse(hooked(text)).hooks.SessionStart).toEqual([both, 'odd', entry]);
  });

  it.each(['[]', '{', '{"hooks":1}', '{"hooks":{"SessionStart":{}}}'])('refuses %s as it is', (before) => {
    expect(() => hooked(before)).toThrow(/by hand/);
  });
});
