# Sourced by tests/run.sh, demos/run.sh and .ci/run, from the repository's root: a Python with Tk, what the
# system must provide, and virtual environments under .cache. Says what it does on standard error.

say() { printf '%s\n' "$*" >&2; }

die() { say "$@"; exit 1; }

# Many processes run: each would compile everything anew.
unset PYTHONDONTWRITEBYTECODE

# ---- the system's packages

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# agreed QUESTION: asks where somebody is there to answer; yes elsewhere.
agreed() {
    local answer
    [ -t 0 ] && [ -t 2 ] || return 0
    read -r -p "$1 [Y/n] " answer || return 1
    case "$answer" in '' | [yY]*) ;; *) return 1 ;; esac
}

# install_packages NAME...: by apt-get, where that is allowed; false where it is not, or fails.
install_packages() {
    may_install || return 1
    say "installing $* ..."
    if [ -z "${apt_updated:-}" ]; then
        apt-get update -qq >&2 || true # an old list may still do
        apt_updated=yes
    fi
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -qq -y --no-install-recommends "$@" >/dev/null
}

# ---- Python

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# ensurepip is what venv lacks where Debian's python3-venv is missing.
is_complete() { "$1" -c 'import tkinter, venv, ensurepip' 2>/dev/null; }

serves() { is_recent "$1" && is_complete "$1"; }

# pythons [X.Y]: the interpreters on the PATH, one a line; of that version, pyenv's too.
pythons() {
    local version=${1:-} name
    if [ -n "$version" ]; then
        type -ap "python$version" || true
        ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python3 2>/dev/null || true
    else
        for name in python3.13 python3.12 python3.11 python3; do type -ap "$name" || true; done
    fi
}

# first_python TEST [X.Y]: the first of them that passes; false without one.
first_python() {
    local passes=$1 found
    shift
    while read -r found; do
        if "$passes" "$found"; then
            echo "$found"
            return
        fi
    done < <(pythons "$@")
    return 1
}

# choose_python: sets `python` to $PYTHON or to the first that serves, and gets Tk for it where it may.
choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        python=$(command -v "$PYTHON") || die "PYTHON=$PYTHON is not there."
    else
        python=$(first_python serves) || python=/usr/bin/python3
    fi
    serves "$python" && return
    # Debian's packages complete Debian's own interpreter only.
    case "$python" in /usr/bin/*) install_packages python3 python3-tk python3-venv || true ;; esac
    serves "$python" && return
    [ -n "${PYTHON:-}" ] || python=$(first_python is_recent) ||
        die "Install Python 3.11 or newer, with its tkinter, or name one by PYTHON=..."
    is_recent "$python" || die "$python is older than Python 3.11: name a newer one by PYTHON=..."
    die "$python lacks tkinter or venv: install python3-tk and python3-venv (Debian, Ubuntu)," \
        "python3-tkinter (Fedora) or python-tk (Homebrew), or name another one by PYTHON=..."
}

# ---- virtual environments

# with_progress WHAT COMMAND...: runs the command, and says what that is, with the seconds that it takes on a terminal.
with_progress() {
    local what=$1 start=$SECONDS runs
    shift
    if ! [ -t 2 ]; then
        say "$what ..."
        "$@" >&2
        return
    fi
    "$@" >&2 &
    runs=$!
    while kill -0 "$runs" 2>/dev/null; do
        printf '\r%s ... %d s' "$what" $((SECONDS - start)) >&2
        sleep 0.2
    done
    printf '\r%s ... %d s\n' "$what" $((SECONDS - start)) >&2
    wait "$runs"
}

# make_venv NAME [EXTRAS]: an environment of `python` with the package, editable, and these extras; sets `venv`.
# It is made anew when pyproject.toml or the interpreter changed.
make_venv() {
    local name=$1 extras=${2:-} version stamp
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    stamp="$(cksum <pyproject.toml) $("$python" -c 'import sys; print(sys.base_prefix, sys.version)') $PWD"
    venv=$PWD/.cache/venv/$name-$version
    if [ "$(cat "$venv/stamp" 2>/dev/null)" = "$stamp" ] && "$venv/bin/python" -c '' 2>/dev/null; then
        return
    fi
    with_progress "making ${venv#"$PWD"/}" "$python" -m venv --clear "$venv"
    with_progress "making ${venv#"$PWD"/}: by pip${extras:+, with the packages of [$extras] in pyproject.toml}" \
        "$venv/bin/python" -m pip install -qq --disable-pip-version-check --editable ".${extras:+[$extras]}"
    printf '%s\n' "$stamp" >"$venv/stamp"
}

# make_compiled_venv NAME EXTRAS: the same with the package compiled, and compiled again when it changed. Sets `tree`
# too, a folder that is like the repository's root but for the package: programs that run there import what is installed.
make_compiled_venv() {
    local name=$1 extras=$2 version stamp package
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    stamp="$(cksum <pyproject.toml) $("$python" -c 'import sys; print(sys.base_prefix, sys.version)') $PWD"
    package="$stamp $(find tkws hatch_build.py -name '*.py' -exec cksum {} + | sort | cksum)"
    venv=$PWD/.cache/venv/$name-$version tree=$PWD/.cache/tree
    if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
        say "making ${venv#"$PWD"/}: by pip, with the packages of [$extras] in pyproject.toml; about two minutes ..."
        "$python" -m venv --clear "$venv"
        TKWS_COMPILE=1 "$venv/bin/python" -m pip install -qq --disable-pip-version-check ".[$extras]" >&2
    elif [ "$(cat "$venv/package" 2>/dev/null)" != "$package" ]; then
        say "compiling tkws; about a minute ..."
        TKWS_COMPILE=1 "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --force-reinstall . >&2
    fi
    printf '%s\n' "$stamp" >"$venv/stamp"
    printf '%s\n' "$package" >"$venv/package"
    mkdir -p "$tree" # something may run there already
    { echo .cache; git ls-files | cut -d/ -f1 | sort -u; } | while read -r name; do
        [ "$name" = tkws ] || [ -e "$tree/$name" ] || ln -s "$PWD/$name" "$tree/$name"
    done
}

# ---- node

# make_node: what tests/interop/node/package.json names, in .cache/node; false where it cannot be had.
make_node() {
    cmp -s tests/interop/node/package.json .cache/node/package.json && return
    say "making .cache/node: by npm, with the packages of tests/interop/node/package.json ..."
    rm -rf .cache/node
    mkdir -p .cache/node
    cp tests/interop/node/package.json .cache/node
    # npm runs for ever where it cannot write its cache, and that is in the home folder.
    npm install --prefix .cache/node --cache "$PWD/.cache/npm" --silent --no-package-lock --no-audit --no-fund --ignore-scripts >&2 ||
        { rm -r .cache/node; return 1; }
}

# ---- the screen

has_screen() { [ "$(uname)" != Linux ] || [ -n "${DISPLAY:-}" ]; }

has_xvfb() { command -v Xvfb >/dev/null || install_packages xvfb; }
