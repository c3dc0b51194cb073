#!/bin/sh
# The sandbox's ssh: the real one for loopback, a refusal for everything else.
# `ssh -G` says where ssh would go, after its options and configuration files, without going there.
plan=$(/usr/bin/ssh -G "$@") || exec /usr/bin/ssh "$@"
host=$(printf '%s\n' "$plan" | sed -n 's/^hostname //p')
port=$(printf '%s\n' "$plan" | sed -n 's/^port //p')
# A detour could leave loopback whatever the host is.
detour=$(printf '%s\n' "$plan" | sed -n -e '/^proxycommand none$/d' -e 's/^proxycommand //p' -e 's/^proxyjump //p')

if [ -z "$detour" ]; then
    case $host in
        localhost | ::1) exec /usr/bin/ssh "$@" ;;
        127.*[!0-9.]*) ;; # a name that only begins like an address
        127.*) exec /usr/bin/ssh "$@" ;;
    esac
fi
printf '%s:%s\n' "$host" "$port" >>"@FOLDER@/refused.log"
echo "egress refused: the sandbox allows only loopback; asked for $host:$port" >&2
exit 255
