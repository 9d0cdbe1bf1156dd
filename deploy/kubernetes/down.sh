#!/bin/sh
# Takes away what up.sh raised: both clusters with all data, and the secrets that opened them. The image stays.
set -eu
made=$(cd "$(dirname "$0")" && pwd)/secrets/made
export KUBECONFIG="$made/kubeconfig"
found=
for tool in kind k3d; do
  command -v "$tool" >/dev/null 2>&1 || continue
  found=$tool
  for site in fra gra; do
    if [ "$tool" = kind ]; then
      kind delete cluster --name "zweitherz-$site"
    elif k3d cluster get "zweitherz-$site" >/dev/null 2>&1; then
      k3d cluster delete "zweitherz-$site"
    fi
  done
done
[ -n "$found" ] || { echo "down: neither kind nor k3d is installed: there is nothing to take away with" >&2; exit 64; }
rm -rf "$made"
