# shellcheck shell=sh
# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
#
# What ../runbook makes and installs before it hands over. Its $root, $venv and $python are used here.
: "${root:?}" "${venv:?}"

say() { printf 'runbook: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 2
}

# phase WHAT COMMAND...: run a command quietly; one line says what and how long; its last lines only when it fails
phase() {
    what=$1
    shift
    began=$(date +%s)
    printf 'runbook: %s ... ' "$what" >&2
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    trap 'echo interrupted >&2; exit 130' INT TERM
    if "$@" >"$log" 2>&1 </dev/null 9>&-; then
        printf '%s s\n' "$(($(date +%s) - began))" >&2
        rm -f "$log"
        trap - EXIT INT TERM
    else
        printf 'failed:\n' >&2
        tail -n 20 "$log" >&2
        exit 2
    fi
}

# --- the virtual environment (-I: nothing is imported from the caller's folder)

# stamp SET: what $venv/.ready-SET must hold to be current: the pins, the place and the interpreter
stamp() {
    printf '%s|%s|%s\n' "$(cksum <"$root/requirements/$1.txt")" "$venv" "$(readlink -f -- "$venv/bin/python")"
}

# ready SET...: whether every set of requirements is installed and current
ready() {
    for pins; do
        [ -x "$venv/bin/python" ] || return 1
        [ "$(cat -- "$venv/.ready-$pins" 2>/dev/null)" = "$(stamp "$pins")" ] || return 1
    done
}

# need_venv SET...: make $venv unless it is whole and current; one run at a time
need_venv() {
    ! ready "$@" || return 0
    mkdir -p -- "$(dirname -- "$venv")" 2>/dev/null || true
    (: >"$venv.lock") 2>/dev/null || die "cannot write $venv.lock. Name another place for the environment with RUNBOOK_VENV."
    exec 9>"$venv.lock"
    if command -v flock >/dev/null && ! flock -n 9; then
        say "another run is making $venv; waiting for it"
        flock 9
    fi
    ready "$@" || fill_venv "$@"
    exec 9>&-
}

fill_venv() {
    ready run || make_venv
    for set_name; do
        ready "$set_name" && continue
        phase "installing requirements/$set_name.txt" env PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 \
            "$venv/bin/python" -I -m pip install -q --no-input --disable-pip-version-check -r "$root/requirements/$set_name.txt"
        stamp "$set_name" >"$venv/.ready-$set_name"
    done
}

make_venv() {
    find_python
    has_venv || install_packages "Python's own tool to make $venv" python3-venv
    has_venv || die "$python cannot make virtual environments (no ensurepip). Install its venv package (Debian: python3-venv)."
    remove_venv
    phase "making $venv with $("$python" -V)" "$python" -I -m venv "$venv"
    python=$venv/bin/python
}

# remove_venv: make room at $venv, which may be a slip of the pen: what is no environment and no empty folder is somebody's, and stays
remove_venv() {
    if [ -e "$venv" ] && [ ! -f "$venv/pyvenv.cfg" ] && ! rmdir -- "$venv" 2>/dev/null; then
        die "$venv is there and is no virtual environment (no pyvenv.cfg), so it stays. Name another place with RUNBOOK_VENV."
    fi
    rm -rf -- "$venv"
}

has_venv() { "$python" -I -c 'import ensurepip, venv' 2>/dev/null; }

# find_python: set $python to an interpreter of 3.11 or later
find_python() {
    for python in ${RUNBOOK_PYTHON:+"$RUNBOOK_PYTHON"} python3 python3.13 python3.12 python3.11; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    done
    die "needs Python 3.11 or later, and found none on PATH. Install one, or name it with RUNBOOK_PYTHON."
}

# --- programs from the distribution

# need_programs drill|test: a registry binary; the tests also run skopeo and openssl
need_programs() {
    missing=''
    if ! has docker-registry && ! has registry; then
        missing='docker-registry'
        has skopeo || missing="$missing skopeo"
    elif [ "$1" = test ]; then
        has skopeo || missing="$missing skopeo"
    fi
    [ "$1" = drill ] || has openssl || missing="$missing openssl"
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086 # package names
    install_packages "a registry, or any program of that name, to break and repair; skopeo proves it by a real pull" $missing
    case $missing in docker-registry*) stay_off docker-registry ;; esac
}

# need_lab: what a machine with registries to play with is made of, Docker Compose apart
need_lab() {
    missing=''
    has docker || missing="$missing docker.io$(docker_client)"
    has nginx || missing="$missing nginx"
    has sshd || missing="$missing openssh-server"
    has ssh || missing="$missing openssh-client"
    has busybox && ! ldd "$(command -v busybox)" >/dev/null 2>&1 || missing="$missing busybox-static"
    has ip || missing="$missing iproute2"
    has git || missing="$missing git"
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086 # package names
    install_packages 'the parts of the machine to play with' $missing
    case $missing in *docker.io*) stay_off docker.socket docker containerd ;; esac
    case $missing in *nginx*) stay_off nginx ;; esac
    case $missing in *openssh-server*) stay_off ssh.socket ssh ;; esac
}

# in_group GROUP ARGUMENT...: whether these arguments of a drill name that group of scenarios, or one of its scenarios
in_group() {
    wanted=$1
    shift
    case " $* " in *" --all "* | *target*"$wanted"*) return 0 ;; esac
    group=''
    while read -r name _; do
        case $name in
            drill-*:) [ "$group" != "$wanted:" ] || case " $* " in *"${name%:}"*) return 0 ;; esac ;;
            drill: | monitoring: | machine:) group=$name ;;
        esac
    done <"$root/inventory/lab/drill.yml"
    return 1
}

# need_builders: what images are built with, besides the lab's Docker; buildx where the distribution has it
need_builders() {
    missing=''
    has git || missing="$missing git"
    has buildah || missing="$missing buildah"
    docker buildx version >/dev/null 2>&1 || ! has_package docker-buildx || missing="$missing docker-buildx"
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086 # package names
    install_packages 'the programs that images are rebuilt with' $missing
}

has_package() { may_install && apt-cache show "$1" >/dev/null 2>&1; }

# need_monitoring: Prometheus and its companions: alerts are rehearsed and tested with the real programs
need_monitoring() {
    missing=''
    has prometheus && has promtool || missing="$missing prometheus"
    has prometheus-pushgateway || has pushgateway || missing="$missing prometheus-pushgateway"
    has prometheus-alertmanager || has alertmanager || missing="$missing prometheus-alertmanager"
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086 # package names
    install_packages 'real monitoring to watch a registry with' $missing
    for package in $missing; do stay_off "$package"; done
}

# need_browser: the page of a record is looked at in a real browser. Where a distribution has it only as a snap, which containers cannot
# run, nothing is installed, and those tests are skipped.
need_browser() {
    has_browser || (. /etc/os-release && [ "$ID" = ubuntu ]) || install_packages 'a browser to look at records with' chromium
}

has_browser() { has chromium || has chromium-browser || has google-chrome || has google-chrome-stable; }

# docker_client: the client's own package, where docker.io is only the engine
docker_client() {
    if (. /etc/os-release && [ "$ID" = debian ] && [ "${VERSION_ID:-13}" -ge 13 ]); then printf ' docker-cli'; fi
}

has_compose() { docker compose version >/dev/null 2>&1; }

has() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null; }

# stay_off SERVICE...: what was installed for its program only is not started at the next boot either
stay_off() {
    for service; do
        if [ -d /run/systemd/system ]; then systemctl -q disable "$service"; else update-rc.d "$service" disable; fi >/dev/null 2>&1 || true
    done
}

# install_packages WHY PACKAGE...: with apt-get, or say what to install and stop
install_packages() {
    why=$1
    shift
    may_install || die "needs $* ($why). Install that and run this again; on Debian or Ubuntu, as root: apt-get install $*"
    say "installing with apt-get: $* ($why)"
    export DEBIAN_FRONTEND=noninteractive
    phase 'apt-get update' apt-get -q update
    phase "apt-get install $*" without_services apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 install "$@"
}

may_install() {
    [ "${RUNBOOK_NO_INSTALL:-0}" != 1 ] && [ "$(id -u)" = 0 ] && has apt-get && grep -Eq '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release
}

# without_services COMMAND...: run it so that no service is started by what it installs (a drill starts its own registry)
without_services() {
    policy=/usr/sbin/policy-rc.d
    mark='registry-runbooks: installing, remove if it stays'
    if [ -e "$policy" ] && ! grep -q "$mark" "$policy"; then
        "$@" # the machine has a policy of its own
        return
    fi
    printf '#!/bin/sh\n# %s\nexit 101\n' "$mark" >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy" "$log"' EXIT
    "$@" || return
    rm -f "$policy"
}
