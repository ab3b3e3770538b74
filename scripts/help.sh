# Sourced with a script's own arguments: when one of them is --help or -h, prints the comment at the head of that script and ends it, before
# anything is installed or built.
# shellcheck shell=bash
print_help() { sed -n '2,${/^#/!q;s/^# \{0,1\}//p;}' "$0"; }

for argument in "$@"; do
  case $argument in --help | -h) print_help; exit 0 ;; esac
done
unset argument
