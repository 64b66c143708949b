#!/usr/bin/env bash
# A cluster on this machine's loopback, for the tests: munged, slurmctld and so many slurmd, all below one folder.
#
#   slurm.sh start FOLDER [NODES]    starts it, and waits until the nodes are idle; prints FOLDER/slurm.conf
#   slurm.sh stop FOLDER             ends what was started there
#   slurm.sh controller FOLDER       starts slurmctld, after ending the one that runs
#   slurm.sh node FOLDER NAME        starts a node's slurmd (again)
#   slurm.sh recover FOLDER          takes nodes back that were drained, and jobs that were held
#
# Commands find it by SLURM_CONF=FOLDER/slurm.conf. Needs root and Debian's slurm-wlm and munge. FOLDER must be short: its sockets
# have at most 107 letters. Ports are taken from FOLDER/ports, or drawn.
set -euo pipefail
verb=$1 folder=$2
export PATH=$PATH:/usr/sbin SLURM_CONF=$folder/slurm.conf

# started NAME FILE: waits until a daemon has written its pid.
started() {
    for _ in $(seq 300); do
        if [ -s "$2" ] && kill -0 "$(cat "$2")" 2> /dev/null; then return; fi
        sleep 0.1
    done
    echo "$1 did not start; see $folder" >&2
    exit 1
}

controller() {
    rm -f "$folder/slurmctld.pid"
    slurmctld -f "$SLURM_CONF"
    started slurmctld "$folder/slurmctld.pid"
}

node() {
    rm -f "$folder/$1.pid"
    slurmd -f "$SLURM_CONF" -N "$1"
    started "slurmd $1" "$folder/$1.pid"
}

# ended FILE: ends the daemon whose pid is there, and waits for it.
ended() {
    local pid
    [ -s "$1" ] && pid=$(cat "$1") || return 0
    # A node may have been stopped.
    kill -CONT "$pid" 2> /dev/null || return 0
    kill -TERM "$pid" 2> /dev/null || return 0
    for _ in $(seq 100); do
        kill -0 "$pid" 2> /dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2> /dev/null || true
}

configure() {
    local nodes=$1 base host
    host=$(hostname -s)
    base=${LAB_SLURM_PORT:-$((20000 + RANDOM % 10000))}
    mkdir -p "$folder/state" "$folder/munge"
    chmod 700 "$folder/munge"
    chmod 755 "$folder"
    cat > "$SLURM_CONF" << CONF
ClusterName=lab
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$base
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket,cred_expire=5
CredType=cred/munge
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmctldPidFile=$folder/slurmctld.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdSpoolDir=$folder/spool.%n
SlurmdPidFile=$folder/%n.pid
SlurmdLogFile=$folder/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/jobs
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
SwitchType=switch/none
MpiDefault=none
SlurmdTimeout=10
SlurmctldTimeout=10
InactiveLimit=0
KillWait=5
MinJobAge=300
JobRequeue=1
$(for n in $(seq "$nodes"); do
    echo "NodeName=n$n NodeHostname=$host NodeAddr=127.0.0.1 Port=$((base + n)) CPUs=1 RealMemory=1000 Features=loopback,kvm"
done)
PartitionName=all Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE State=UP
CONF
}

case $verb in
start)
    nodes=${3:-4}
    for command in munged slurmctld slurmd sbatch; do
        command -v "$command" > /dev/null || { echo "there is no $command; install Debian's slurm-wlm and munge" >&2; exit 1; }
    done
    mkdir -p "$folder"
    configure "$nodes"
    dd if=/dev/urandom of="$folder/munge/key" bs=128 count=1 status=none
    chmod 600 "$folder/munge/key"
    munged --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
        --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" --force > "$folder/munge/out" 2>&1
    started munged "$folder/munge/pid"
    controller
    for n in $(seq "$nodes"); do node "n$n"; done
    for _ in $(seq 300); do
        if [ "$(sinfo --noheader --Node --states=idle --format=%N 2> /dev/null | wc -l)" -eq "$nodes" ]; then
            echo "$SLURM_CONF"
            exit 0
        fi
        sleep 0.1
    done
    echo "the nodes did not become idle; see $folder" >&2
    sinfo --Node --long >&2 || true
    exit 1
    ;;
stop)
    scancel --state=PENDING --user=root 2> /dev/null || true
    scancel --user=root 2> /dev/null || true
    ended "$folder/slurmctld.pid"
    for pid in "$folder"/n*.pid; do ended "$pid"; done
    ended "$folder/munge/pid"
    ;;
controller)
    ended "$folder/slurmctld.pid"
    controller
    ;;
node) node "$3" ;;
recover)
    # What slurmctld started in its last five seconds is not in the state that it saves. Killed then, it starts that again under
    # the same number, the node that still has it says "Duplicate jobid", and both are set aside for somebody to look at.
    for name in $(sinfo --noheader --Node --states=drain --format=%N | sort -u); do
        scontrol update NodeName="$name" State=RESUME 2> /dev/null || true
    done
    for job in $(squeue --noheader --array --states=PENDING --format='%i %r' | awk '/[Hh]eld/ { print $1 }'); do
        scontrol release "$job" 2> /dev/null || true
    done
    ;;
*)
    echo "start, stop, controller, node or recover" >&2
    exit 2
    ;;
esac
