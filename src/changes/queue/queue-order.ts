export interface OrderRow {
  readonly id: string;
  readonly priority: number;
  readonly approvedAtMs: number;
  readonly needs: readonly string[];
  readonly position: number | undefined;
  readonly clearedAtMs: number | undefined;
}
export function orderQueue(rows: readonly OrderRow[], _nowMs: number): string[] {
  return [...rows]
    .sort(
      (a, b) =>
        (a.position ?? 1e9) - (b.position ?? 1e9) ||
        a.priority - b.priority ||
        (a.clearedAtMs ?? a.approvedAtMs) - (b.clearedAtMs ?? b.approvedAtMs),
    )
    .map(({ id }) => id);
}
