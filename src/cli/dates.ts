/** An instant as people read it, to the second, in UTC: `2030-01-31 12:00:00Z`. */
export function dateWords(at: string | number | Date): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
