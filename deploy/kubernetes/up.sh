#!/bin/sh
# Raises the reference system on this machine: the sites fra and gra, a Kubernetes cluster each, made by kind or k3d, whichever is
# there. A second call applies the manifests again, and brings back a site that was taken over from, as the mirror.
#
#   deploy/kubernetes/up.sh [--tag TAG]      TAG of the image of the services, built here (default: dev)
#
# Leaves in deploy/kubernetes/secrets/made: the secrets, `kubeconfig` (contexts fra and gra, may do everything),
# `drill.kubeconfig` (the same contexts, as the service account `drill`, for eight hours) and `target.yaml`, which says where all
# that is: zweitherz doctor --target deploy/kubernetes/secrets/made/target.yaml
set -eu
umask 077
refuse() { echo "up: $1" >&2; exit 64; }

tag=dev
while [ $# -gt 0 ]; do
  case $1 in
    --tag) [ $# -ge 2 ] || refuse "--tag: needs a value"; tag=$2; shift 2 ;;
    *) refuse "$1: unknown (allowed: --tag TAG)" ;;
  esac
done
case $tag in *[!A-Za-z0-9_.-]* | '' | [.-]*) refuse "--tag $tag: letters, digits, '_', '.' and '-' are allowed" ;; esac

tool=
for each in k3d kind; do command -v "$each" >/dev/null 2>&1 && tool=$each; done
[ -n "$tool" ] || refuse "neither kind nor k3d is installed: one of them makes the clusters"
for each in docker kubectl; do command -v "$each" >/dev/null 2>&1 || refuse "$each is not installed"; done

here=$(cd "$(dirname "$0")" && pwd)
home=$(cd "$here/../.." && pwd)
made=$here/secrets/made
[ -x "$home/.venv/bin/python" ] || refuse "no .venv here: run 'make setup' first"
export KUBECONFIG="$made/kubeconfig" # nobody's own is touched
say() { echo "up: $1" >&2; }

other() { [ "$1" = fra ] && echo gra || echo fra; }
at() { context=$1; shift; kubectl --context "$context" "$@"; }
# where the private link comes in and the databases run; kind's own node for control takes no pods
node() { [ "$tool" = kind ] && echo "zweitherz-$1-worker" || echo "k3d-zweitherz-$1-agent-0"; }
network() { [ "$tool" = kind ] && echo kind || echo zweitherz; }
address() { docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(node "$1")"; }

# vitals at 8443 and tools at 8444 of the loopback for fra, 9443 and 9444 for gra
make_cluster() {
  [ "$1" = fra ] && port=844 || port=944
  if [ "$tool" = kind ]; then
    kind create cluster --name "zweitherz-$1" --config - <<END
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    extraPortMappings:
      - {containerPort: 30443, hostPort: ${port}3, listenAddress: 127.0.0.1}
      - {containerPort: 30444, hostPort: ${port}4, listenAddress: 127.0.0.1}
  - role: worker
  - role: worker
END
  else # both in one network: it is the private link
    k3d cluster create "zweitherz-$1" --network zweitherz --servers 1 --agents 2 --k3s-arg '--disable=traefik@server:0' \
      --port "127.0.0.1:${port}3:30443@server:0" --port "127.0.0.1:${port}4:30444@server:0"
  fi
  kubectl config rename-context "$tool-zweitherz-$1" "$1"
}

load_images() {
  if [ "$tool" = kind ]; then
    kind load docker-image "zweitherz-services:$tag" "zweitherz-services:$tag-older" --name "zweitherz-$1"
  else
    k3d image import "zweitherz-services:$tag" "zweitherz-services:$tag-older" --cluster "zweitherz-$1"
  fi
}

# documentation addresses stand for what is known only now: 192.0.2.1 the other site, 192.0.2.2 this one, their network
render() {
  own=$(address "$1")
  others=$(address "$(other "$1")")
  kubectl kustomize "$here/sites/$1" >"$made/built.yaml"
  sed -e "s|zweitherz-services:unset|zweitherz-services:$tag|" -e "s|192\.0\.2\.0/24|$link|" \
    -e "s|192\.0\.2\.1\$|$others|" -e "s|192\.0\.2\.2\$|$own|" "$made/built.yaml" >"$made/$1.yaml"
  rm "$made/built.yaml"
}

# a database is begun once, at one site, and only where both say that they have none: an error is no such answer
may_begin() {
  volumes=
  for each in fra gra; do
    volume=$(at "$each" --namespace "$1" get persistentvolumeclaim data-postgres-0 --ignore-not-found --output name)
    volumes=$volumes$volume
  done
  [ -n "$volumes" ] || at "$2" --namespace "$1" create configmap begin --from-literal here=
}

say "secrets and schemas"
"$home/.venv/bin/python" -m lab.manifest_files "$made"
say "image zweitherz-services:$tag"
docker build --quiet --file "$home/deploy/Dockerfile" --tag "zweitherz-services:$tag" "$home" >&2
# for drills: the same in everything but what its servers say that they are
printf 'FROM zweitherz-services:%s\nENV VITALS_RELEASE=0.9.0\n' "$tag" |
  docker build --quiet --tag "zweitherz-services:$tag-older" - >&2
for site in fra gra; do
  at "$site" version >/dev/null 2>&1 || { say "cluster $site, by $tool"; make_cluster "$site" >&2; }
  load_images "$site" >&2
done
# of the network's address ranges the one that is IPv4
link=$(docker network inspect --format '{{range .IPAM.Config}}{{println .Subnet}}{{end}}' "$(network)" | grep -v : | sed -n 1p)
[ -n "$link" ] || { say "the network $(network) has no IPv4 addresses"; exit 1; }

for site in fra gra; do
  at "$site" label node "$(node "$site")" heart.test/link=yes --overwrite >&2
  at "$site" apply --filename "$here/base/main/namespace.yaml" --filename "$here/base/tools/namespace.yaml" >&2
done
may_begin vitals fra >&2
may_begin tools gra >&2
for site in fra gra; do
  say "manifests at $site"
  render "$site"
  # server-side: no second copy of a secret in an annotation; forced: what a takeover had scaled to nothing comes back
  at "$site" apply --server-side --force-conflicts --filename "$made/$site.yaml" >&2
  rm "$made/$site.yaml"
done

for namespace in vitals tools; do
  for site in fra gra; do
    at "$site" --namespace "$namespace" rollout status statefulset/postgres --timeout 600s >&2
    at "$site" --namespace "$namespace" delete configmap begin --ignore-not-found >&2
  done
  active=
  for site in fra gra; do
    role=$(at "$site" --namespace "$namespace" exec postgres-0 --container postgres -- sh /conf/synchronous.sh)
    say "$namespace: $role"
    case $role in *"$site is primary"*) active="$active$site" ;; esac
  done
  case $active in
    fra | gra) ;;
    *) say "$namespace: one primary is needed, not '$active'"; exit 1 ;;
  esac
  [ "$namespace" = vitals ] && wanted="vitals analysis balancer" || wanted="sentry matomo balancer"
  # at the mirror services wait for their database to take writes: there is no point in waiting for them
  for each in $wanted; do
    at "$active" --namespace "$namespace" rollout status "deployment/$each" --timeout 300s >&2
  done
  say "$namespace is active at $active"
done

# for drills: the same contexts with what the role `drill` may do, and no more
users=; contexts=; clusters=
for site in fra gra; do
  token=$(at "$site" --namespace vitals create token drill --duration 8h)
  cluster=$(kubectl config view --raw --output "jsonpath={.clusters[?(@.name=='$tool-zweitherz-$site')].cluster}")
  clusters="$clusters{name: $site, cluster: $cluster}, "
  users="$users{name: drill-$site, user: {token: $token}}, "
  contexts="$contexts{name: $site, context: {cluster: $site, user: drill-$site, namespace: vitals}}, "
done
cat >"$made/drill.kubeconfig" <<END
apiVersion: v1
kind: Config
clusters: [$clusters]
users: [$users]
contexts: [$contexts]
current-context: fra
END
# what an earlier drill did is no step of the next one's takeover
rm -f "$made/journal.ndjson"
"$home/.venv/bin/python" -m lab.manifest_target "$made" "$tag" "fra=$(address fra)" "gra=$(address gra)"
say "patients are served at https://127.0.0.1:8443 (fra) and :9443 (gra), as vitals.heart.test; CA: $made/ca.pem"
