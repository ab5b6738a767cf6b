#!/usr/bin/env bash
# Makes examples/captures/conversations.pcapng anew: real conversations (curl, dig, iperf3) between
# two network namespaces, as a gateway between them would see them. Needs root, and the Debian
# packages iproute2, ethtool, curl, dnsutils, dnsmasq-base, iperf3, python3 and wireshark-common.
# Not part of the tests: they use the capture that is kept.
set -euo pipefail
out=${1:?usage: capture-conversations.sh OUT.pcapng}
client=isthmus-client-$$
server=isthmus-server-$$
work=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  ip netns del "$client" 2>/dev/null || true
  ip netns del "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

ip netns add "$client"
ip netns add "$server"
ip -n "$client" link add eth0 type veth peer name eth0 netns "$server"
for last in $(seq 4 13); do ip -n "$client" addr add "10.0.0.$last/24" dev eth0; done
ip -n "$server" addr add 20.0.0.8/24 dev eth0
for space in "$client" "$server"; do
  # Whole frames with their own checksums, as on a wire.
  ip netns exec "$space" ethtool -K eth0 tx off rx off tso off gso off gro off >/dev/null
  ip -n "$space" link set lo up
  ip -n "$space" link set eth0 up
done
ip -n "$client" route add 20.0.0.0/24 dev eth0
ip -n "$server" route add 10.0.0.0/24 dev eth0

head -c 300 /dev/urandom | base64 >"$work/page"
ip netns exec "$server" python3 -m http.server 80 --directory "$work" >/dev/null 2>&1 & pids+=($!)
ip netns exec "$server" dnsmasq --no-daemon --no-resolv --no-hosts --conf-file=/dev/null \
  --address=/example/20.0.0.8 --listen-address=20.0.0.8 >/dev/null 2>&1 & pids+=($!)
ip netns exec "$server" iperf3 --server >/dev/null 2>&1 & pids+=($!)
ip netns exec "$client" dumpcap -q -i eth0 -f "ip" -w "$work/all.pcapng" >/dev/null 2>&1 & capture=$!
pids+=("$capture")
sleep 2
for round in $(seq 1 15); do
  for last in $(seq 4 13); do
    ip netns exec "$client" curl -s -m 5 --interface "10.0.0.$last" -o /dev/null http://20.0.0.8/page &
    ip netns exec "$client" dig +tries=1 +time=2 -b "10.0.0.$last" @20.0.0.8 "h$round.example" >/dev/null &
    wait %% 2>/dev/null || true
  done
done
ip netns exec "$client" iperf3 -c 20.0.0.8 -B 10.0.0.4 -n 20K >/dev/null
ip netns exec "$client" iperf3 -c 20.0.0.8 -B 10.0.0.5 -n 20K -R >/dev/null
ip netns exec "$client" iperf3 -c 20.0.0.8 -B 10.0.0.6 -u -b 2M -n 20K >/dev/null
sleep 1
kill -INT "$capture"
wait "$capture" || true
cp "$work/all.pcapng" "$out"
