#!/usr/bin/env bash
# Runs tests on several Pythons, each in an environment of its own, and says which Pythons were not found.
#   tools/versions.sh 3.11 3.12 3.13 -- tests/model tests/engines
# Fails if a test failed, or if no Python was found at all.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A pyenv shim may exist for a version that is not active, so a candidate counts only if it runs and is the version it is named for.
find_python() {
  local candidate
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
    if [ "$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$1" ]; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

versions=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do versions+=("$1"); shift; done
shift
if [ $# -eq 0 ]; then
  echo "mgcds: no tests named" >&2
  exit 2
fi

passed=() failed=() absent=()
for version in "${versions[@]}"; do
  if ! python=$(find_python "$version"); then
    absent+=("$version")
    continue
  fi
  echo "mgcds: Python $version ($python)"
  if "${MAKE:-make}" --no-print-directory venv PYTHON="$python" VENV=".venv-$version" \
    && ".venv-$version/bin/python" -m pytest -q "$@"; then
    passed+=("$version")
  else
    failed+=("$version")
  fi
done

echo "mgcds: passed on ${passed[*]:-none}; failed on ${failed[*]:-none}; not found: ${absent[*]:-none}"
[ ${#failed[@]} -eq 0 ] && [ ${#passed[@]} -gt 0 ]
