# Installs the missing tools of the tests, and puts them on the PATH. Source it in the project's root.
# It needs Rust and Python 3 with venv. To install Chromium or Mosquitto, it needs the right to install Debian packages.

# Creates a venv with exactly the packages of a requirements file. It uses uv, because pip alone takes minutes.
venv() {
    cmp -s "$2" "$1/installed" && return
    python3 -m venv --clear "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9
    "$1/bin/uv" pip install --quiet --python "$1" --requirement "$2"
    cp "$2" "$1/installed"
}
venv .venv tests/requirements.txt
venv .venv-ministack tests/ministack/requirements.txt
venv .venv-openapi tests/openapi/requirements.txt
venv .venv-pages tests/pages/requirements.txt
export PATH="$PWD/.venv/bin:$PATH"

if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver >/dev/null
fi

if ! command -v openssl >/dev/null; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openssl >/dev/null
fi

if ! command -v mosquitto >/dev/null || ! command -v mosquitto_pub >/dev/null; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mosquitto mosquitto-clients >/dev/null
fi
