#!/bin/sh
# The forced command of a client's key: git's two commands on the repositories of one host, and nothing else.
set -f
umask 022
key=$1
asked=$SSH_ORIGINAL_COMMAND
command=${asked%% *}
path=${asked#* }
path=${path#\'}
path=${path%\'}
path=${path#/}
repository=${path%.git}
folder="@REPOSITORIES@/$repository.git"

log() {
    printf '%s\t%s\t%s\t%s\n' "$key" "$repository" "$command" "$1" >>"@ROOT@/ssh/requests.log"
}

refuse() {
    log "$1"
    echo "$1: refused by the testbed: $2" >&2
    exit 128
}

case $repository in
    "" | *[!A-Za-z0-9._/-]* | *..*) repository=unreadable; refuse 404 "no such repository" ;;
esac
case $command in
    git-upload-pack | git-receive-pack) ;;
    *) command=unreadable; refuse 403 "only git-upload-pack and git-receive-pack" ;;
esac
[ -d "$folder" ] || refuse 404 "no such repository"

for fault in "@ROOT@/ssh-fault" "$folder/ssh-fault"; do
    [ -s "$fault" ] || continue
    fault=$(cat "$fault")
    [ "$fault" = hang ] || refuse "$fault" "a fault set by the test"
    log ""
    # Until the client gives up and closes its end.
    exec cat >/dev/null
done

log 200
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_CONFIG_NOSYSTEM=1
exec git "${command#git-}" "$folder"
