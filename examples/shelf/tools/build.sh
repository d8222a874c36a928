# A builder that knows nothing but its briefing.
told=$(andon continue)
label=labels/$ANDON_TASK.txt
mkdir -p labels

save() { git add labels && git commit -q -m "Label the $ANDON_TASK" && git push -q; }
named() { printf '%s\n' "$told" | sed -n "s/.*$1 \([^ ]*\).*/\1/p" | head -n 1; }

case $told in
  *'> next: write the price'*)
    # Whoever began this has died: what it pushed is left, and its checkpoint.
    git fetch -q origin "$(named 'git fetch origin')" && git reset -q --hard FETCH_HEAD
    echo "Price: 3 EUR" >> "$label" ;;
  *'say that the buns hold sesame'*) echo "Price: 1 EUR, holds sesame" > "$label" ;;
  *'This error was solved before'*)
    # The work that mended the same error in another task shows how.
    andon solution show "$(named 'andon solution show')" | sed -n 's/^+\(Price.*\)/\1/p' > "$label" ;;
  *'Attempt 2 '*'no currency on the label'*) echo "Price: 2 EUR" > "$label" ;;
  *'no currency on the label'*) echo "Price: 2 coins" > "$label" ;;
  *) case $ANDON_TASK in
       bread)
         echo "Bread" > "$label" && save
         andon checkpoint --done "wrote the name" --next "write the price" --file "$label"
         kill -9 $$ ;;
       buns) echo "Price: 1 EUR" > "$label" ;;
       *) echo "Price: 2" > "$label" ;;
     esac ;;
esac

save && andon change submit
printf '{"version":1,"run":"%s","epoch":%s,"result":"shipped","summary":"a label"}' \
  "$ANDON_RUN" "$ANDON_EPOCH" > "$ANDON_VERDICT"
