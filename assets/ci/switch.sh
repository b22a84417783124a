#!/bin/sh
# Switches to a color, watches it, and says what to do when it was not retained. For any CI, or none. Run it in the folder of
# switchback.toml; arguments are passed on, and the color is one of them:
#
#   assets/ci/switch.sh green --output json
#
# Settle the color once, before the deploy, in a step that does not run again when this one does, and keep it:
#
#   color=$(switchback status --inactive)
#
# Run again with the same color, the script tells how the release was judged, or judges it. The exit code is that of
# `switchback switch`.

set -u

switchback switch --no-tui "$@" &
switchback=$!
# A cancelled job signals this shell only. Passed on, it ends the soak as `aborted`, and a move that has begun is finished.
trap 'kill -TERM "$switchback"' INT TERM

wait "$switchback"
code=$?
# A signal ends the waiting and not what is waited for.
while kill -0 "$switchback" 2>/dev/null; do
    wait "$switchback"
    code=$?
done

case $code in
    0) echo "The release is live." ;;
    3 | 4) echo "The release was bad, and traffic is back on the previous color. Fix it before the next deploy." ;;
    5) echo "The soak was aborted. The release is live if traffic was moved, and nobody watches it: switchback soak" ;;
    6) echo "Not enough evidence. The release is live, unproven: switchback soak, or switchback rollback" ;;
    7) echo "ROLLBACK FAILED. Traffic may still reach the bad color. Somebody has to act now: switchback status" ;;
    8) echo "Somebody else moved traffic meanwhile. Theirs counts: switchback status" ;;
    9) echo "The color was not ready, or another release is live there already. Traffic was not moved." ;;
    10) echo "Another soak is running. Traffic was not moved." ;;
    11) echo "The release is bad and STILL LIVE. Decide: switchback rollback" ;;
    12) echo "The switch failed. The line above says where traffic is: switchback status" ;;
    *) echo "Switchback itself failed with exit code $code. See where traffic is: switchback status" ;;
esac >&2

exit "$code"
