#!/bin/sh
# Runs a command for as long as somebody holds the other end of our stdin, and ends when the command ends.
# A line on stdin is the signal to send it, and DIR stays. End of file, which is also what a killed owner
# looks like, sends SIGNAL and removes DIR.
# usage: keeper.sh DIR SIGNAL COMMAND [ARGUMENT...]      (the first line out is the command's process id)
dir=$1 signal=$2
shift 2

exec 3<&0
"$@" </dev/null >>"$dir/log" 2>&1 3<&- &
child=$!
echo "$child"

(
    # echo, since a shell gives up when `:` cannot write, and DIR may be gone already.
    read -r asked <&3 || echo yes >"$dir/abandoned"
    kill -s "${asked:-$signal}" "$child"
) 2>/dev/null &
watcher=$!

wait "$child"
status=$?
kill "$watcher" 2>/dev/null
[ ! -e "$dir/abandoned" ] || rm -rf "$dir"
exit "$status"
