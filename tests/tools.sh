# Installs what the tests need and is not there, and puts it on the PATH. Sourced, from the project's root.
# Needs Rust, Python 3 with venv, and on a machine without Chromium the right to install Debian packages.

if ! cmp -s tests/requirements.txt .venv/installed; then
    python3 -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
    cp tests/requirements.txt .venv/installed
fi
export PATH="$PWD/.venv/bin:$PATH"

if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver >/dev/null
fi
