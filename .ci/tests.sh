# Sourced by the scripts of this folder, from the repository's root: runs tests, here or in a copy of the sources that
# another system sees.
#
# shellcheck shell=bash

repository=$PWD

# failed_in CACHE: the tests that failed in pytest's last run with this cache, one a line.
failed_in() {
    local file=$1/v/cache/lastfailed
    [ ! -e "$file" ] || sed -n 's/\r$//; s/^ *"\(.*\)": true,\{0,1\}$/\1/p' "$file"
}

# run_tests CACHE PARALLEL COMMAND...: runs pytest, which has its cache in the folder CACHE, by this command; PARALLEL
# has the options of the first run only. What fails is repeated once, with nothing beside it: many a time limit is wall
# time, which a slow or busy machine may need for itself. What passes then is flaky, and is added to the list of
# .ci/run.
run_tests() {
    local cache=$1 parallel=$2 status=0 first
    shift 2
    # shellcheck disable=SC2086 # a list of options
    "$@" $parallel || status=$?
    first=$(failed_in "$cache")
    [ "$status" = 1 ] && [ -n "$first" ] || return "$status" # otherwise the run itself failed
    printf '\n---- what failed, once more:\n'
    status=0
    "$@" -p no:xdist --last-failed --last-failed-no-failures=none || status=$?
    mkdir -p "$repository/.cache/logs"
    comm -23 <(sort <<<"$first") <(failed_in "$cache" | sort) >>"$repository/.cache/logs/flaky"
    return "$status"
} 9>&- # what outlives a test does not keep the lock of copy_sources

# copy_sources COPY: copies the sources to that folder, once no other run uses it; what the tests write down there
# (tests/record.py), and their pictures, come back when the shell ends.
copy_sources() {
    copied=$1
    exec 9>"$copied.lock"
    flock 9
    rm -rf "$copied"
    mkdir "$copied"
    tar -cf - --exclude=.git --exclude=.cache --exclude=__pycache__ . | tar -xf - -C "$copied"
    trap 'mkdir -p "$repository"/.cache/{platforms,pictures}
        for made in platforms pictures; do
            cp "$copied/.cache/$made"/* "$repository/.cache/$made/" 2>/dev/null || true
        done' EXIT
}
