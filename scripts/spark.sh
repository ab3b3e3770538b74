#!/usr/bin/env bash
# Scores rows through Spark, by deploy/spark/score.py on two local threads, and by the plain command: every id has the same answer, and a row
# that cannot be scored ends the job with the command's words. Prints the rows a second of both.
#   scripts/spark.sh [--rows N]     rows of digits; default: 1,000,000, about three minutes and 4 GB of temporary files
# RADIAL names the binary; without it a release build is made. Installs a Java runtime and 500 MB of PySpark.
source "$(dirname "$0")/help.sh"
rows=1000000
case "${1:-}" in
  "") ;;
  --rows) rows=${2:?expected a number of rows} ;;
  *) print_help >&2; exit 2 ;;
esac
source "$(dirname "$0")/setup.sh"
install_packages python3-venv default-jre-headless
source scripts/environment.sh
virtual_environment scripts/spark
source scripts/server.sh
find_radial
# shellcheck disable=SC2154  # set by server.sh and environment.sh
PYSPARK_PYTHON=$python timeout 1500 "$python" scripts/spark/spark.py "$RADIAL" "$folder" "$rows"
