# A reviewer that wants every function to say what it returns.
if andon change diff "$ANDON_CHANGE" | grep -q '+/\*\*'; then
  andon verdict approve "$ANDON_CHANGE" --note "reads well"
else
  andon verdict reject "$ANDON_CHANGE" --reason "say what it returns"
fi
printf '{"version":1,"run":"%s","result":"shipped","summary":"judged"}' "$ANDON_RUN" > "$ANDON_VERDICT"
