#!/usr/bin/env bash
# Follows Tenure's feed with curl and jq, as server-sent events or by long polls.
# usage: TENURE_TOKEN=tnr_... tools/examples/follow.sh sse|ndjson http://127.0.0.1:7400 CURSOR_FILE [COUNT] [FILTERS]
#
# Prints each event as one line of JSON. Whatever ends the connection, or this program, the next one goes on behind what
# was printed, by the cursor in that file. What was printed just before a crash may come again, with the same position;
# nothing is missed, and a position that is missing ends the program. With FILTERS ('org=acme') positions may be left
# out. COUNT ends it after so many events.
set -uo pipefail

[ $# -ge 3 ] && [ -n "${TENURE_TOKEN:-}" ] || { sed -n '3s/^# //p' "$0" >&2; exit 2; }
carrier=$1 url=$2 file=$3 count=${4:-0} filters=${5:+&$5}
cursor=1 seen=0
[ ! -s "$file" ] || cursor=$(<"$file")

# Replaced as a whole, so that it is never half written.
save() { echo "$cursor" >"$file.new" && sync "$file.new" && mv "$file.new" "$file"; }
missing() { echo "position $1 came for $cursor" >&2; save; exit 1; }

# 200, or try again; what no retry cures ends the program.
answered() {
  [ "$1" != 200 ] || return 0
  echo "answered $1" >&2
  case $1 in 429) ;; 4??) exit 1 ;; esac
  return 1
}

# A page begins with a hello and ends with a heartbeat. One that does not was broken off, and is asked for again.
poll() {
  local page status through number first last
  page=$(mktemp) && trap 'rm -f "$page"' EXIT
  while :; do
    status=$(curl -sS -H "Authorization: Bearer $TENURE_TOKEN" -H 'Accept: application/x-ndjson' -o "$page" \
      -w '%{http_code}' "$url/v1/feed?cursor=$cursor$filters${limit:+&limit=$((count - seen))}")
    answered "$status" || { sleep 1; continue; }
    through=$(tail -n 1 "$page" | jq -r 'select(.type == "heartbeat").through' 2>/dev/null)
    [ -n "$through" ] || { sleep 1; continue; }
    read -r number first last < <(jq -rn '[inputs | select(has("version")).position] |
      "\(length) \(.[0]) \(.[-1])"' "$page")
    if [ "$number" -gt 0 ] && [ -z "$filters" ]; then
      [ "$first" = "$cursor" ] || missing "$first"
      [ "$last" = $((cursor + number - 1)) ] || missing "$last"
    fi
    sed '1d;$d' "$page"
    cursor=$((through + 1)) seen=$((seen + number))
    save
    [ "$count" = 0 ] || [ "$seen" -lt "$count" ] || exit 0
  done
}

# An event has an id and no name; hello, heartbeats and errors have a name. The last line is curl's.
listen() {
  local line name='' id=''
  while IFS= read -r line; do
    case $line in
      "event: "*) name=${line#event: } ;;
      "id: "*) id=${line#id: } ;;
      "") name='' id='' ;;
      "answered: "*) answered "${line#answered: }" ;;
      "data: "*)
        if [ -n "$name" ]; then
          echo "${line#data: }" >&2
          [ "$name" != heartbeat ] || { cursor=$((id + 1)); save; }
          continue
        fi
        [ "$id" = "$cursor" ] || { [ -n "$filters" ] && [ "$id" -gt "$cursor" ]; } || missing "$id"
        printf '%s\n' "${line#data: }"
        cursor=$((id + 1)) seen=$((seen + 1))
        [ $((seen % 100)) != 0 ] || save
        [ "$seen" != "$count" ] || { save; exit 0; }
        ;;
    esac
  done
  save
}

case $carrier in
  ndjson)
    [ "$count" = 0 ] && limit='' || limit=yes
    poll
    ;;
  sse)
    trap 'kill $! 2>/dev/null' EXIT
    while :; do
      listen < <(exec curl -sSN -H "Authorization: Bearer $TENURE_TOKEN" -H 'Accept: text/event-stream' \
        -w '\nanswered: %{http_code}\n' "$url/v1/feed?cursor=$cursor$filters")
      sleep 1
    done
    ;;
  *) echo "follow.sh: $carrier is neither sse nor ndjson" >&2; exit 2 ;;
esac
