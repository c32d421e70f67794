# Sourced by .ci/run, from the repository's root: runs the steps of a long check, two at a time where they say so, and
# tells at the end how each went.
#
# shellcheck shell=bash

passed=0 failed=0 summary=() begun=() logs=.cache/logs
rm -rf "$logs"
mkdir -p "$logs"

# note HEADING STATUS SECONDS: keeps and prints how a step went.
note() {
    local word=ok
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)) word=FAILED; fi
    summary+=("$(printf '%-6s %5d s  %s' "$word" "$3" "$1")")
    echo "---- ${summary[-1]}"
}

# step HEADING COMMAND...: runs the command in a shell of its own, where any failure ends it.
step() {
    local heading=$1 start=$SECONDS status=0
    shift
    printf '\n==== %s\n' "$heading"
    set +e
    (set -e; "$@")
    status=$?
    set -e
    note "$heading" "$status" $((SECONDS - start))
}

# begin HEADING COMMAND...: as step, but beside what follows, up to finish.
begin() {
    local heading=$1 log
    log=$logs/${#summary[@]}-${#begun[@]}
    shift
    (
        start=$SECONDS status=0
        set +e
        (set -e; "$@") >"$log" 2>&1
        status=$?
        echo "$status $((SECONDS - start))" >"$log.end"
    ) &
    begun+=("$log|$heading")
}

# finish: waits for all that began, and prints what they said.
finish() {
    local each log status seconds
    wait
    for each in "${begun[@]}"; do
        log=${each%%|*}
        printf '\n==== %s\n' "${each#*|}"
        cat "$log"
        read -r status seconds <"$log.end"
        note "${each#*|}" "$status" "$seconds"
    done
    begun=()
}

# closing_table: prints how each step went, and what "$logs/flaky" has; false if a step failed.
closing_table() {
    printf '\n'
    printf '%s\n' "${summary[@]}"
    printf '%6s %5d s  in all\n' "" "$SECONDS"
    if [ -s "$logs/flaky" ]; then
        printf '\nflaky, to be mended: passed only when repeated\n'
        sed 's/^/    /' "$logs/flaky"
    fi
    printf '\n%s passed, %s failed\n' "$passed" "$failed"
    [ "$failed" = 0 ]
}
