interface CFamily {
  readonly name: 'c';
  readonly title: string;
  readonly endings: readonly string[];
  /** Tokens that decide, as lizard counts them; those of the preprocessor inside of functions only. */
  readonly decisions: ReadonlySet<string>;
}

/** C and C++: read as tokens, since the preprocessor leaves many files without a tree that a grammar could build. */
export const cFamily: CFamily = {
  name: 'c',
  title: 'C and C++',
  endings: ['.c', '.h', '.cc', '.cpp', '.cxx', '.c++', '.hh', '.hpp', '.hxx', '.h++', '.inl', '.ipp', '.tpp'],
  decisions: new Set([...['if', 'for', 'while', 'catch', 'case', '&&', '||', '?', '#if', '#ifdef', '#elif']]),
};
