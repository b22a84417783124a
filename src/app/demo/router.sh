#!/bin/sh
# The demo's router: `switch COLOR`, `rollback COLOR`, `read`.
# The proxy follows the file `route` beside this script. While `router-broken` lies there, rollbacks fail.
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
    ;;
esac
printf '%s\n' "$2" >route.new
mv route.new route
