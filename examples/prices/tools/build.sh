# A builder that knows nothing but what it is told: why its attempts before this one were refused.
told=$(cat "$ANDON_TASK_FILE")
: > src/total.js
case $told in *'say what it returns'*) echo '/** The sum of two prices. */' >> src/total.js ;; esac
case $told in *'# fail 1'*) sign=+ ;; *) sign=- ;; esac
echo "export const total = (a, b) => a $sign b;" >> src/total.js
git add src && git commit -q -m "Add two prices" && git push -q && andon change submit
printf '{"version":1,"run":"%s","epoch":%s,"result":"shipped","summary":"adds two prices"}' \
  "$ANDON_RUN" "$ANDON_EPOCH" > "$ANDON_VERDICT"
