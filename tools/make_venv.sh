#!/bin/sh
# make_venv.sh FOLDER: create a virtual environment with the first usable Python 3.11, 3.12 or 3.13 on PATH.
# PYTHON=/path/to/python, where set, is the only one tried.
set -eu
folder=$1
tried=""

for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3 python}; do
    # A name can stand on PATH and still not run (pyenv's shims do that), so ask it for its version.
    version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case $version in
        3.11 | 3.12 | 3.13) ;;
        *)
            tried="$tried  $candidate is Python $version\n"
            continue
            ;;
    esac
    # Debian and Ubuntu ship Python without ensurepip; a venv made with such a one has no pip.
    if ! "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
        tried="$tried  $candidate is Python $version without venv: on Debian or Ubuntu, apt-get install python$version-venv\n"
        continue
    fi
    echo "Creating $folder with $candidate (Python $version)"
    exec "$candidate" -m venv --clear "$folder"
done

{
    echo "No usable Python was found. Expected: Python 3.11, 3.12 or 3.13 with venv, as python3 on PATH"
    echo "or named by the caller, for example: make lab PYTHON=/usr/local/bin/python3.12"
    if [ -n "$tried" ]; then
        echo "Found:"
        printf '%b' "$tried"
    else
        echo "Found: none (tried ${PYTHON:-python3.11 python3.12 python3.13 python3 python})"
    fi
} >&2
exit 1
