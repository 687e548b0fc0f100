# Installs the system libraries that Package.swift needs, if any is missing. Sourced by quickstart.sh and Tests/run.sh.
# Touches neither the network nor the machine when everything is there.

# The Debian packages whose headers the compiler does not find.
missing_packages() {
  command -v pkg-config >/dev/null || echo pkg-config
  local library
  for library in libprotobuf-c=libprotobuf-c-dev libzstd=libzstd-dev libcrypto=libssl-dev zlib=zlib1g-dev; do
    pkg-config --exists "${library%=*}" 2>/dev/null || echo "${library#*=}"
  done
  echo '#include <oneapi/dnnl/dnnl.h>' | cc_any -E -x c - >/dev/null 2>&1 || echo libdnnl-dev
}

# Whatever C compiler the machine has: Swift brings clang.
cc_any() {
  local compiler
  for compiler in clang cc gcc; do
    command -v "$compiler" >/dev/null && { "$compiler" "$@"; return; }
  done
  return 1
}

# install_packages NAME...: installs Debian packages, as root or through sudo; quiet unless it fails.
install_packages() {
  command -v apt-get >/dev/null || { echo "please install these (Debian's names), then run again: $*" >&2; return 69; }
  local as_root=() log
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  log=$(mktemp)
  echo "installing: $*" >&2
  "${as_root[@]}" apt-get update -qq >"$log" 2>&1 </dev/null || echo "apt-get update failed; trying with the lists that are there" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1 </dev/null ||
    { tail -n 20 "$log" >&2; rm -f "$log"; return 69; }
  rm -f "$log"
}

# The Debian packages of the libraries that decode images, of those that are not there. They are opened at run time: only
# ImageDecoder needs them, and so do its tests.
missing_image_packages() {
  local library found
  found=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null) || return 0
  for library in libturbojpeg.so.0=libturbojpeg0 libpng16.so.16=libpng16-16 libwebp.so.7=libwebp7 libtiff.so.6=libtiff6 \
    libopenjp2.so.7=libopenjp2-7; do
    grep -q "${library%=*}" <<<"$found" || echo "${library#*=}"
  done
}

# install_image_libraries: all of those.
install_image_libraries() {
  local missing
  mapfile -t missing < <(missing_image_packages)
  [ "${#missing[@]}" = 0 ] || install_packages "${missing[@]}"
}

# install_prerequisites: what Package.swift needs, or a message and a non-zero status.
install_prerequisites() {
  command -v swift >/dev/null || { echo "Swift 6.3 or later is not on the PATH: see https://swift.org/install" >&2; return 69; }
  local missing
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" = 0 ] || install_packages "${missing[@]}" || { echo "could not install: ${missing[*]}" >&2; return 69; }
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" = 0 ] || { echo "still missing after the installation: ${missing[*]}" >&2; return 69; }
}
