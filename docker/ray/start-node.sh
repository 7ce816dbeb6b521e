#!/usr/bin/env bash
# Start a node of a Ray cluster by hand, head or worker; it ends with this script.
# On Kubernetes the operator does it (rayjob.yaml), under Slurm docker/slurm/ray.sbatch.
#
#   start-node.sh head                          then: interlink run recipe.yaml --set ray.address=HEAD:6379
#   start-node.sh worker HEAD:6379
#
# RAY_AUTH_TOKEN (or RAY_AUTH_TOKEN_PATH) must hold the same secret on all nodes and for the driver.
# SPILL: a folder on the biggest disk. Further words go to `ray start`, such as --num-gpus=1.
set -euo pipefail

role=${1:?head, or: worker HEAD:6379}
shift
export RAY_AUTH_MODE=${RAY_AUTH_MODE:-token}
if [[ $RAY_AUTH_MODE == token && -z ${RAY_AUTH_TOKEN:-} && -z ${RAY_AUTH_TOKEN_PATH:-} ]]; then
    echo "start-node: set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH: without a token, whoever reaches this cluster can run code on it" >&2
    exit 2
fi
# A worker's models are big and come in leaps: end the newest task well before the node is full.
export RAY_memory_usage_threshold=${RAY_memory_usage_threshold:-0.85}

common=(--block --disable-usage-stats --object-store-memory=1000000000 --temp-dir="${SPILL:-/tmp/ray}")
case $role in
    head)
        exec ray start --head --port=6379 --dashboard-host=127.0.0.1 "${common[@]}" "$@"
        ;;
    worker)
        address=${1:?worker HEAD:6379}
        shift
        exec ray start --address="$address" "${common[@]}" "$@"
        ;;
    *)
        echo "start-node: $role must be head or worker" >&2
        exit 2
        ;;
esac
