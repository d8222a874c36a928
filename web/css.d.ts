declare module '*.module.css' {
  const names: Readonly<Record<string, string>>;
  // biome-ignore lint/style/noDefaultExport: the form of CSS modules
  export default names;
}
declare module '*.css';
