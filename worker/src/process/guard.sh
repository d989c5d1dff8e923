# Outlives its worker just long enough to end the commands that worker leaves behind.
# Standard input is held by the worker alone and ends when it dies, however it dies.
# Lines read: "add PGID" when a command starts, "del PGID" when it is over, "quit" when all is over.
# $1 is a text in the environment of every command (found through /proc, where there is one),
# $2 the tenths of a second a command has between TERM and KILL.
trap '' TERM INT HUP
marker=$1
patience=$2
groups=' '
while read -r verb group; do
  case $verb in
    quit) exit 0 ;;
    add) groups="$groups$group " ;;
    del)
      case $groups in
        *" $group "*) groups="${groups%% "$group" *} ${groups#* "$group" }" ;;
      esac
      ;;
  esac
done

marked() {
  [ -r /proc/self/environ ] || return 0
  grep -lsF -e "$marker" /proc/[0-9]*/environ | sed 's|^/proc/\([0-9]*\)/.*|\1|'
}
signal_all() {
  for group in $groups; do kill -s "$1" -- "-$group"; done
  for pid in $(marked); do kill -s "$1" "$pid"; done
}
# With /proc the markers tell; a group also counts zombies, which nobody may be there to reap.
any_alive() {
  [ -r /proc/self/environ ] && { [ -n "$(marked)" ]; return; }
  for group in $groups; do kill -s 0 -- "-$group" && return 0; done
  return 1
}

exec 2>/dev/null
any_alive || { sleep 0.3; any_alive || exit 0; }
signal_all TERM
while [ "$patience" -gt 0 ] && any_alive; do
  sleep 0.1
  patience=$((patience - 1))
done
signal_all KILL
# A command that was between fork and exec had the worker's environment and no group of its own yet.
sleep 0.5
signal_all KILL
