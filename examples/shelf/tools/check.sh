# The gate: every label names its currency.
for label in labels/*.txt; do
  grep -q EUR "$label" || { echo "Error: no currency on the label" >&2; exit 1; }
done
