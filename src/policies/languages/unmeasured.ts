/** Programming languages without an adapter, by the endings of their files. Styles, markup, queries and data are no code. */
const endings: Readonly<Record<string, string>> = {
  '.rb': 'Ruby',
  '.rake': 'Ruby',
  '.php': 'PHP',
  '.cs': 'C#',
  '.fs': 'F#',
  '.fsx': 'F#',
  '.vb': 'Visual Basic',
  '.kt': 'Kotlin',
  '.kts': 'Kotlin',
  '.scala': 'Scala',
  '.sc': 'Scala',
  '.groovy': 'Groovy',
  '.gradle': 'Groovy',
  '.clj': 'Clojure',
  '.cljs': 'Clojure',
  '.swift': 'Swift',
  '.m': 'Objective-C',
  '.mm': 'Objective-C++',
  '.cu': 'CUDA',
  '.zig': 'Zig',
  '.nim': 'Nim',
  '.d': 'D',
  '.dart': 'Dart',
  '.ex': 'Elixir',
  '.exs': 'Elixir',
  '.erl': 'Erlang',
  '.hs': 'Haskell',
  '.ml': 'OCaml',
  '.jl': 'Julia',
  '.r': 'R',
  '.lua': 'Lua',
  '.pl': 'Perl',
  '.pm': 'Perl',
  '.sh': 'shell',
  '.bash': 'shell',
  '.zsh': 'shell',
  '.fish': 'shell',
  '.ps1': 'PowerShell',
  '.sol': 'Solidity',
  '.vue': 'Vue',
  '.svelte': 'Svelte',
  '.astro': 'Astro',
  '.coffee': 'CoffeeScript',
  '.pyx': 'Cython',
  '.asm': 'assembly',
  '.s': 'assembly',
  '.f90': 'Fortran',
  '.pas': 'Pascal',
};

/** Programs of a first line, and their languages. */
const interpreters: Readonly<Record<string, string>> = {
  sh: 'shell',
  bash: 'shell',
  dash: 'shell',
  zsh: 'shell',
  ksh: 'shell',
  fish: 'shell',
  ruby: 'Ruby',
  perl: 'Perl',
  php: 'PHP',
  lua: 'Lua',
  awk: 'awk',
  Rscript: 'R',
  julia: 'Julia',
  elixir: 'Elixir',
  pwsh: 'PowerShell',
};

/** The language without an adapter that a file is written in, by its name or its first line; undefined for others. */
export function unmeasuredLanguage(ending: string, interpreter: string | undefined): string | undefined {
  if (Object.hasOwn(endings, ending)) return endings[ending];
  return interpreter !== undefined && Object.hasOwn(interpreters, interpreter)
    ? interpreters[interpreter]
    : undefined;
}
