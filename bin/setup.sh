# shellcheck shell=bash
# Sourced by bin/demo, bin/test and .ci/run: Python, its packages, Debian's packages.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
python=$venv/bin/python

# What the report needs: the libraries that set the pages, and letters of many scripts.
# shellcheck disable=SC2034 # used by the scripts that source this one
REPORT_PACKAGES=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-noto-core fonts-noto-color-emoji)

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# Debian's packages. Each is tested by what it brings, because a package of another name may bring it too.
has_library() {
    local any=$host_python
    [ ! -x "$python" ] || any=$python # answers faster than a version manager's stand-in
    "$any" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1" 2>/dev/null
}
has_font() {
    local folder
    for folder in /usr/share/fonts /usr/local/share/fonts "${HOME:-/}/.fonts" "${HOME:-/}/.local/share/fonts"; do
        [ -d "$folder" ] && [ -n "$(find -L "$folder" -name "$1" -print -quit 2>/dev/null)" ] && return 0
    done
    return 1
}
has_program() { command -v "$1" >/dev/null; }
has_postgres() { has_program postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }

is_there() {
    case $1 in
        libpango-1.0-0) has_library libpango-1.0.so.0 ;;
        libpangoft2-1.0-0) has_library libpangoft2-1.0.so.0 ;;
        libharfbuzz-subset0) has_library libharfbuzz-subset.so.0 ;;
        fonts-dejavu-core) has_font DejaVuSans.ttf ;;
        fonts-noto-core) has_font NotoSansArabic-Regular.ttf ;;
        fonts-noto-color-emoji) has_font NotoColorEmoji.ttf ;;
        chromium) has_program chromium ;;
        curl) has_program curl ;;
        postgresql) has_postgres ;;
        redis-server) has_program redis-server ;;
        poppler-utils) has_program pdftoppm ;;
        *) return 1 ;;
    esac
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 2 ]; then # sudo asks on the terminal, so there must be one
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# Installs packages that nothing was found of: install_packages NAME...
install_packages() {
    local names="$*"
    has_program apt-get || die "Preflight needs $names, and there is no apt-get here to install it: please install it by hand."
    [ "$(id -u)" -eq 0 ] || has_program sudo ||
        die "Preflight needs the Debian packages $names: please run 'apt-get install $names' as root."
    say "Installing the Debian packages: $names"
    # The lists may be old or, on a fresh machine, missing. If only one source of several fails, the rest may do.
    as_root apt-get -qq update </dev/null >/dev/null || say "apt-get update failed; going on with the lists that are here."
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends install "$@" </dev/null >/dev/null ||
        die "The Debian packages $names could not be installed: please run 'apt-get install $names' as root."
}

# Looks for each package and installs those that are missing: need_packages NAME...
need_packages() {
    local name missing=()
    for name in "$@"; do
        is_there "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return
    install_packages "${missing[@]}"
    for name in "${missing[@]}"; do
        is_there "$name" || die "The Debian package $name was installed, but what it should bring was not found."
    done
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11 python3.14; do
        if has_program "$name" && is_new_enough "$name"; then
            host_python=$name
            return
        fi
    done
    die "Preflight needs Python 3.11 or newer: please install the Debian package python3."
}

make_venv() {
    local clear=()
    if "$python" -c '' 2>/dev/null; then
        "$python" -m pip --version >/dev/null 2>&1 && return
    else
        clear=(--clear) # the Python that an old environment pointed to is gone
    fi
    if ! "$host_python" -c 'import ensurepip, venv' 2>/dev/null; then
        if [ "$host_python" = python3 ]; then install_packages python3-venv; else install_packages "$host_python-venv"; fi
    fi
    say "Making the virtual environment $venv"
    "$host_python" -m venv "${clear[@]}" "$venv" || die "The virtual environment $venv could not be made."
}

# Installs a lock file into the virtual environment, unless just that file was installed: install_lock FILE
install_lock() {
    local stamp=$venv/$1.installed hash wanted
    hash=$(sha256sum <"$root/$1")
    wanted="$hash $("$python" --version 2>/dev/null || true)"
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    make_venv
    say "Installing the Python packages of $1 (this takes a minute or two)"
    "$python" -m pip install -qq --disable-pip-version-check --require-hashes --requirement "$root/$1" >&2 ||
        die "The Python packages of $1 could not be installed: the reason is above."
    printf '%s\n' "$hash $("$python" --version)" >"$stamp"
}
