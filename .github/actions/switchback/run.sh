#!/usr/bin/env bash
# The step of the action: runs the program with the inputs, which are in the variables INPUT_… (see action.yml). The program
# itself writes the outputs and the summary; what it could not write is added here.

set -uo pipefail

# fail CODE REASON: ends the step as one in which nothing was moved.
fail() {
    printf '::error title=switchback::%s\n' "$2"
    add_outputs "$1" "$2"
    exit "$1"
}

# add_outputs CODE REASON: for a program that did not get to write them.
add_outputs() {
    [[ -n ${GITHUB_OUTPUT:-} ]] || return 0
    printf 'outcome=error\nreason=%s\nexit-code=%s\n' "$2" "$1" >>"$GITHUB_OUTPUT"
}

# In one line, so that no value ends a command or an output.
shown() { printf '%q' "$1"; }

command=${INPUT_COMMAND:-switch}
color=${INPUT_COLOR:-}
binary=${INPUT_BINARY:-switchback}
folder=${INPUT_WORKING_DIRECTORY:-.}

case ${INPUT_SUMMARY:-true} in
    true | yes) ;;
    false | no) unset GITHUB_STEP_SUMMARY ;;
    *) fail 2 "not a value of the input summary: $(shown "$INPUT_SUMMARY"); allowed: true, false" ;;
esac

arguments=()
[[ -z ${INPUT_CONFIG:-} ]] || arguments+=("--config=$INPUT_CONFIG")
case $command in
    switch) arguments+=(switch --no-tui) ;;
    soak) arguments+=(soak --no-tui) ;;
    status | rollback) arguments+=("$command") ;;
    *) fail 2 "not a value of the input command: $(shown "$command"); allowed: switch, soak, status, rollback" ;;
esac
arguments+=(--output github)
while IFS= read -r line || [[ -n $line ]]; do
    [[ -z $line ]] || arguments+=("$line")
done <<<"${INPUT_ARGS:-}"
if [[ $command == switch ]]; then
    # After the other arguments: what begins with a dash is no color.
    [[ -z $color ]] || arguments+=(-- "$color")
elif [[ -n $color ]]; then
    fail 2 "the input color is for the command switch, not for $command"
fi

cd -- "$folder" || fail 2 "cannot enter the folder $(shown "$folder")"
type -P -- "$binary" >/dev/null || fail 2 "cannot find the program $(shown "$binary"): install it before this step, or name it in the input binary"
# Neither the program nor the commands of a router are meant by them.
unset "${!INPUT_@}"

# Passed on, a cancellation ends the soak as `aborted`.
program=
cancelled=
trap 'cancelled=1; [[ -z $program ]] || kill -TERM "$program"' INT TERM
"$binary" "${arguments[@]}" &
program=$!
[[ -z $cancelled ]] || kill -TERM "$program"
code=0
wait "$program" || code=$?
# A signal ends the waiting and not what is waited for.
while kill -0 "$program" 2>/dev/null; do
    code=0
    wait "$program" || code=$?
done

if [[ -n ${GITHUB_OUTPUT:-} ]] && ! grep -qs '^exit-code=' "$GITHUB_OUTPUT"; then
    add_outputs "$code" 'the program ended without an outcome'
fi
exit "$code"
