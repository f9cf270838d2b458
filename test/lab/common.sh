# Shared by the scripts of the lab; sourced, never run.
# shellcheck shell=bash

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# free_ports N: N different ports of the loopback address. All are held open until the last one is
# known, or the kernel could name one twice. Another program can still take one before our server
# does, which is why the driver tries a server twice.
free_ports() {
  node -e '
    const { createServer } = require("node:net");
    const servers = Array.from({ length: Number(process.argv[1]) }, () => createServer());
    const bound = servers.map((s) => new Promise((ok, no) => s.on("error", no).listen(0, "127.0.0.1", ok)));
    Promise.all(bound).then(() => {
      console.log(servers.map((s) => s.address().port).join(" "));
      for (const s of servers) s.close();
    });' "$1"
}

# wait_for WHAT PID COMMAND...: until COMMAND succeeds, for 30 seconds; at once an error when the process dies.
wait_for() {
  local what=$1 pid=$2 deadline=$((SECONDS + 30))
  shift 2
  until "$@" >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null || { say "$what ended before it was ready"; return 1; }
    (( SECONDS < deadline )) || { say "$what is not ready after 30 seconds"; return 1; }
    sleep 0.05
  done
}

# A connection and nothing more; the subshell closes it.
accepts() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# start NAME COMMAND...: in the background, in its own session so that a Ctrl-C in `make test` reaches
# the tests and not the servers; leaves DIR/pids/NAME and DIR/log/NAME. Sets $started to the pid.
start() {
  local name=$1
  shift
  setsid "$@" >>"$DIR/log/$name" 2>&1 </dev/null &
  started=$!
  echo "$started" >"$DIR/pids/$name"
}

# stop_all: every server that has a pid file. SIGKILL: nothing of the lab is worth saving, and the
# in-memory object store would write its contents to disk on a polite end.
stop_all() {
  local file pid
  for file in "$DIR"/pids/*; do
    [[ -e $file ]] || continue
    pid=$(<"$file")
    ! is_ours "$pid" || kill_tree "$pid"
    while is_ours "$pid"; do sleep 0.02; done
    rm -f "$file"
  done
}

# A session of sshd outlives its server, and its arguments don't tell whose it was: children first.
kill_tree() {
  local status child
  while read -r status; do
    child=${status#/proc/}
    kill_tree "${child%/status}"
  done < <(grep -lsxE "PPid:[[:space:]]+$1" /proc/[0-9]*/status)
  kill -KILL "$1" 2>/dev/null || true
}

# The number may belong to somebody else by now: our servers all name the lab's folder in their arguments.
is_ours() {
  [[ -r /proc/$1/cmdline ]] && tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$DIR/"
}
