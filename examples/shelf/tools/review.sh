# A reviewer that knows what is in the buns.
if [ "$ANDON_TASK" = buns ] && ! andon change diff "$ANDON_CHANGE" | grep -q sesame; then
  andon verdict reject "$ANDON_CHANGE" --reason "say that the buns hold sesame"
else
  andon verdict approve "$ANDON_CHANGE" --note "reads well"
fi
printf '{"version":1,"run":"%s","result":"shipped","summary":"judged"}' "$ANDON_RUN" > "$ANDON_VERDICT"
