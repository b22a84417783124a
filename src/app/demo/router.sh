#!/bin/sh
# The demo's router: `switch COLOR`, `rollback COLOR`, `read`.
# The proxy follows the file `route` beside this script. While `router-broken` lies there, rollbacks fail; while `slow` does, they
# take a second, and `moving` has the process.
set -eu
cd "$(dirname "$0")"
case "$1" in
read)
    cat route
    exit
    ;;
rollback)
    if [ -e router-broken ]; then
        echo "router: the control plane does not answer, traffic was not moved" >&2
        exit 1
    fi
    if [ -e slow ]; then
        echo $$ >moving.new
        mv moving.new moving
        sleep 1
    fi
    ;;
esac
# With several hosts: one that was overtaken has a smaller number than the last that moved traffic.
# Without a number somebody acts by force.
if [ -n "${SWITCHBACK_FENCE:-}" ]; then
    last=$(cat fence 2>/dev/null || echo 0)
    if [ "$SWITCHBACK_FENCE" -lt "$last" ]; then
        echo "router: $SWITCHBACK_FENCE was overtaken by $last, traffic was not moved" >&2
        exit 1
    fi
    echo "$SWITCHBACK_FENCE" >fence
fi
printf '%s\n' "$2" >route.new
mv route.new route
