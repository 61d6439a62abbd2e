# Sourced by ./demo and ./check: makes .venv from requirements.lock, hashes checked, and puts it first on PATH.
# Needs Python 3.11 or newer; uses uv if it is there, else puts uv into a virtual environment of its own.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
case "$root" in */benchmarks) root=${root%/benchmarks} ;; esac
cd "$root"
say() { printf '%s\n' "$*" >&2; }

find_python() {
  for candidate in ${NOTESHIP_PYTHON:-python3} python3 python3.14 python3.13 python3.12 python3.11 python; do
    # The interpreter itself, not a version manager's stand-in, which may choose another one elsewhere.
    "$candidate" -c 'import sys; assert sys.version_info >= (3, 11); print(sys.executable)' 2>/dev/null && return
  done
  say "no Python 3.11 or newer was found"
  say "  at: PATH, and NOTESHIP_PYTHON"
  say "  do: install one, or name it: NOTESHIP_PYTHON=/path/to/python3 $0"
  exit 3
}

prepare() {
  venv=${NOTESHIP_VENV:-.venv}
  python=$(find_python) || exit 3
  stamp=$("$python" -c 'import hashlib, sys; print(hashlib.sha256(b"".join(open(p, "rb").read() for p in sys.argv[2:]) + sys.argv[1].encode()).hexdigest())' \
    "$python" requirements.lock pyproject.toml)
  if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
    say "preparing $venv (once; needs a package index)"
    rm -f "$venv/stamp"
    uv=$(command -v uv || true)
    # That of the environment itself goes with it when it is made anew.
    case "$uv" in "$root/$venv"/* | "$venv"/*) uv= ;; esac
    if [ -z "$uv" ]; then
      "$python" -m venv .uv-venv
      .uv-venv/bin/python -m pip install --quiet --disable-pip-version-check uv
      uv=.uv-venv/bin/uv
    fi
    UV_PYTHON_DOWNLOADS=never "$uv" venv --quiet --clear --python "$python" "$venv"
    "$uv" pip sync --quiet --python "$venv/bin/python" --require-hashes requirements.lock
    "$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
    echo "$stamp" >"$venv/stamp"
  fi
  PATH=$(cd "$venv/bin" && pwd):$PATH
  export PATH
  # Without byte code, each of the hundreds of processes that tests start compiles anew what it imports.
  unset PYTHONPATH VIRTUAL_ENV PYTHONHOME PYTHONDONTWRITEBYTECODE || true
}
