#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# demo.sh: an emulated Local Cloud and an empty host in two containers, from the cluster's settings to JSON records on disk.
# demo.sh clean: removes what it made.

if [ "$(id -u)" -ne 0 ]; then
    cat >&2 <<'END'
The demo needs root on a Debian 12 or 13 machine that reaches its package mirror and a Python package index, 2 GB of disk and
some minutes: it installs podman and a few other Debian packages, builds a container image and runs two containers with systemd.
Nothing else on the machine is changed, and `make demo-clean` removes the containers again. Run:

    sudo make demo
END
    exit 1
fi

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

NETWORK="$PREFIX-demo"
CLUSTER="$NETWORK-cluster"
RECEIVER="$NETWORK-receiver"
IMAGE=localhost/spamexperts-test:bookworm
WORK="$CACHE/demo"
VENV="$ROOT/.venv"
LOG="$WORK/ansible.log"
CONTROL=http://127.0.0.1:8081
RECORDS=/var/log/spamexperts

remove_containers() {
    podman rm --force --ignore --volumes --time=2 "$CLUSTER" "$RECEIVER" >/dev/null
    podman network exists "$NETWORK" && podman network rm --force "$NETWORK" >/dev/null
    rm -rf "$WORK"
}

clean() {
    if command -v podman >/dev/null; then
        remove_containers || true
        say "removed the containers $CLUSTER and $RECEIVER and their network"
        if ! podman image exists "$IMAGE"; then
            say "the image $IMAGE is not there any more"
        elif podman rmi "$IMAGE" >/dev/null 2>&1; then
            say "removed the image $IMAGE"
        else
            say "left the image $IMAGE: another container uses it"
        fi
    fi
    rm -rf "$WORK"
    say "left: .venv and .cache, which 'make clean' removes, and what the demo may have installed with apt-get:"
    say "      podman runc mmdebstrap netavark aardvark-dns iptables"
}

# as_child COMMAND...: a script of ours whose progress lines go on counting our seconds.
as_child() { SECONDS="$SECONDS" bash "$@"; }

prepare() {
    local packages=(podman runc mmdebstrap netavark aardvark-dns iptables) image
    # Here and not in venv.sh, because two apt-get at a time lock each other out.
    if ! python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        packages+=(python3 python3-venv)
    fi
    need_packages "${packages[@]}"
    as_child "$ROOT/tests/tools/images.sh" bookworm &
    image=$!
    as_child "$ROOT/tests/tools/venv.sh" || { wait "$image" || true; die "Ansible could not be installed into .venv"; }
    wait "$image" || die "the container image could not be built"
}

# start_container NAME: prints its address once its systemd is up.
start_container() {
    local tries
    podman run --detach --systemd=always --name="$1" --hostname="${1#"$NETWORK-"}" --network="$NETWORK" "$IMAGE" \
        /lib/systemd/systemd >/dev/null 2>>"$WORK/podman.log" || die "podman does not start a container: $(cat "$WORK/podman.log")"
    for tries in $(seq 1200); do
        case "$(podman exec "$1" systemctl is-system-running 2>/dev/null || true)" in running | degraded) break ;; esac
        if [ "$tries" = 1200 ]; then die "systemd in the container $1 does not come up: podman logs $1"; fi
        sleep 0.5
    done
    podman inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"
}

emulator() { podman exec -w /opt "$CLUSTER" python3 -m emulator "$@"; }

start_cluster() {
    local tries
    tar -C "$ROOT/tests" --exclude=__pycache__ -cf - emulator | podman exec -i "$CLUSTER" tar -C /opt --no-same-owner -xf -
    podman exec "$CLUSTER" systemd-run --quiet --unit=emulator --working-directory=/opt python3 -m emulator serve \
        --address=0.0.0.0 --port=443 --name="$1" --control-port="${CONTROL##*:}" --data-dir=/var/lib/cluster
    for tries in $(seq 1200); do
        if emulator get --control "$CONTROL" state >"$WORK/before.json" 2>/dev/null; then break; fi
        if [ "$tries" = 1200 ]; then die "the emulated cluster does not start: podman exec $CLUSTER journalctl -u emulator"; fi
        sleep 0.5
    done
    podman cp "$CLUSTER:/var/lib/cluster/tls/ca.pem" "$WORK/ca.pem"
}

# write_variables CLUSTER_ADDRESS RECEIVER_ADDRESS: what a user writes once. The password and the secret are in this file only.
write_variables() {
    cat >"$WORK/hosts.yml" <<END
spamexperts_receivers:
  hosts:
    $RECEIVER:
      ansible_connection: containers.podman.podman
      ansible_python_interpreter: /usr/bin/python3
END
    (
        umask 077
        cat >"$WORK/vars.yml" <<END
spamexperts_api_url: https://$1
spamexperts_api_username: apiuser
spamexperts_api_password: "$(podman exec "$CLUSTER" cat /var/lib/cluster/password)"
spamexperts_ca_path: $WORK/ca.pem
spamexperts_receiver_host: $2
spamexperts_become: false
spamexperts_log_format:
  secret: "$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
END
    )
}

# Shows the names of the tasks as they run; the whole output goes to the log.
show_tasks() {
    local line
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$LOG"
        case "$line" in
        "PLAY ["*) line="${line#PLAY [}" && say "   ${line%%]*}:" ;;
        "TASK ["*) line="${line#TASK [}" && line="${line%%] \**}" && line="${line%% against arg spec *}" && say "      ${line#* : }" ;;
        "fatal: "* | "[ERROR]"* | *" : ok="*) say "   $line" ;;
        esac
    done
}

run_site() {
    local tree
    tree="$(bash "$ROOT/tests/tools/tree.sh" link)"
    if ! env -u ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH="$tree" ANSIBLE_HOME="$CACHE/ansible" ANSIBLE_PIPELINING=1 \
        ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=0 ANSIBLE_DISPLAY_SKIPPED_HOSTS=0 PYTHONUNBUFFERED=1 \
        "$VENV/bin/ansible-playbook" spamexperts.local_cloud.site -i "$WORK/hosts.yml" -e "@$WORK/vars.yml" </dev/null 2>&1 |
        show_tasks; then
        die "the playbook failed; its whole output is in $LOG"
    fi
}

# The recap's numbers of changes, of the log's last run.
changes() { tail -n 20 "$LOG" | sed -n 's/^\([^ ]*\) *: ok=.* changed=\([0-9]*\) .*/\2/p' | awk '{ n += $1 } END { print n + 0 }'; }

on_disk() { podman exec "$RECEIVER" sh -c "cat $RECORDS/*/$1.json 2>/dev/null || true"; }

fetch_records() {
    local name
    podman exec "$CLUSTER" cat /var/lib/cluster/sent.jsonl >"$WORK/sent.jsonl"
    for name in messages status quarantine; do on_disk "$name" >"$WORK/$name.json"; done
}

send_mail_logs() {
    local class attacks=()
    for class in other_format other_template forged_lf forged_nul cut missing_field delimiter; do
        attacks+=(--hostile-class "$class")
    done
    # The attackers know the format, but not the secret: theirs has the same length and is another.
    emulator flow --control "$CONTROL" --messages 3000 --statuses 600 --rate 1000 --seed 2 --quiet --hostile 28 "${attacks[@]}" \
        --forge-template "$("$VENV/bin/python" "$ROOT/tests/tools/demo_report.py" "$WORK" forge)" >"$WORK/flow.json"
    # The last records need a moment to the disk; the count tells.
    local tries sent
    sent="$(podman exec "$CLUSTER" grep -c '"result": "sent"' /var/lib/cluster/sent.jsonl)"
    for tries in $(seq 1200); do
        if [ "$(podman exec "$RECEIVER" sh -c "cat $RECORDS/*/*.json | wc -l")" -ge "$sent" ]; then return 0; fi
        sleep 0.5
    done
    say "after $tries looks there are fewer records on disk than were sent"
}

demo() {
    local cluster receiver flow
    say "1 of 7: what the demo needs on this machine"
    prepare
    say "2 of 7: a Local Cloud (emulated) and an empty Debian 12 host, in containers with systemd"
    remove_containers || true
    # The settings and quarantined text hold the secret.
    mkdir -m 0700 "$WORK"
    podman network create "$NETWORK" >/dev/null
    cluster="$(start_container "$CLUSTER")"
    say "   the cluster is at $cluster"
    receiver="$(start_container "$RECEIVER")"
    say "   the empty host is at $receiver"
    start_cluster "$cluster"
    write_variables "$cluster" "$receiver"
    say "   mail passes through the cluster from now on; it does not send its logs anywhere yet"
    emulator flow --control "$CONTROL" --messages 4000 --statuses 800 --rate 5 --quiet >/dev/null 2>&1 &
    flow=$!
    say "3 of 7: the playbook spamexperts.local_cloud.site (its whole output: $LOG)"
    run_site
    [ "$(changes)" -gt 0 ] || die "the first run changed nothing; its whole output is in $LOG"
    emulator get --control "$CONTROL" state >"$WORK/after.json"
    say "4 of 7: the same playbook again, which must change nothing"
    run_site
    [ "$(changes)" -eq 0 ] || die "the second run changed something; its whole output is in $LOG"
    say "   nothing was changed"
    say "5 of 7: the cluster sends its mail logs: 3,000 messages, 600 delivery reports, and 28 records made by attackers"
    podman exec "$CLUSTER" python3 -c \
        "import urllib.request as u; u.urlopen(u.Request('$CONTROL/flow/1', method='DELETE'))"
    wait "$flow" || true
    send_mail_logs
    fetch_records
    say "6 of 7: what came of it"
    "$VENV/bin/python" "$ROOT/tests/tools/demo_report.py" "$WORK"
    say "7 of 7: done. The containers go on running; to look further:"
    cat <<END

  the messages          podman exec $RECEIVER sh -c 'tail -n 3 $RECORDS/*/messages.json'
  delivery reports      podman exec $RECEIVER sh -c 'tail -n 3 $RECORDS/*/status.json'
  what did not fit      podman exec $RECEIVER sh -c 'tail -n 3 $RECORDS/*/quarantine.json'
  the receiver          podman exec $RECEIVER systemctl status spamexperts-receiver
  follow new messages   podman exec $RECEIVER sh -c 'tail -n 0 -f $RECORDS/*/messages.json'
  let more mail pass    podman exec -w /opt $CLUSTER python3 -m emulator flow --control $CONTROL --messages 100 --seed 3
  remove it all         make demo-clean

END
}

case "${1:-}" in
"") demo ;;
clean) clean ;;
*) die "usage: demo.sh [clean]" ;;
esac
