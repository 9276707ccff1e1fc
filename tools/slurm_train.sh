#!/usr/bin/env bash
# Trains under Slurm.
#   GPUS=4 GPUS_PER_NODE=4 bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG [arguments of tools/train.py]
# CPUS_PER_TASK (5) and SRUN_ARGS (further options of srun) may be set as well; GPUS_PER_NODE=0 asks for no GPU.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "usage: [GPUS=4] [GPUS_PER_NODE=4] $0 PARTITION JOB_NAME CONFIG [arguments of train.py]" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH="$here/..${PYTHONPATH:+:$PYTHONPATH}"
processes=${GPUS:-4}
gpus_per_node=${GPUS_PER_NODE:-4}
placement=()
if [ "$gpus_per_node" -gt 0 ]; then
    placement=(--gres="gpu:$gpus_per_node" --ntasks-per-node="$gpus_per_node")
fi
read -ra extra <<<"${SRUN_ARGS:-}"
exec srun -p "$1" --job-name="$2" --ntasks="$processes" --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
    ${placement[@]+"${placement[@]}"} ${extra[@]+"${extra[@]}"} \
    "${PYTHON:-python}" -u "$here/train.py" "$3" --launcher slurm "${@:4}"
