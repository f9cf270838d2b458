#!/usr/bin/env bash
# rgw.sh DIR: a private S3 server, Ceph's RADOS gateway, writes DIR/json/s3.
# One monitor and one object store in memory: the smallest cluster that a gateway accepts.
set -euo pipefail
DIR=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/lab/common.sh
. "$here/common.sh"

C=$DIR/ceph
rm -rf "$C" # a second try starts anew
mkdir -p "$C/mon" "$C/osd" "$C/rgw"
read -r mon_port port < <(free_ports 2)
fsid=$(</proc/sys/kernel/random/uuid)

# paxos_propose_interval and tcp_nodelay: without them it takes 13 s to start and 40 ms more a request.
# rgw_gc_*: deleted objects go after a minute and not after two hours, they are memory here.
cat >"$C/ceph.conf" <<END
[global]
fsid = $fsid
mon_host = v1:127.0.0.1:$mon_port
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr2 = false
keyring = $C/keyring
run_dir = $C
admin_socket = $C/\$name.asok
crash_dir = $C
log_file = $DIR/log/ceph-\$name.log
pid_file =
mon_data = $C/mon
osd_data = $C/osd
rgw_data = $C/rgw
paxos_propose_interval = 0.02
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
# On a disk more than 95 % full the monitor would stop itself; this one keeps next to nothing there.
mon_data_avail_crit = 0
osd_pool_default_size = 1
osd_pool_default_pg_num = 8
osd_crush_chooseleaf_type = 0
osd_objectstore = memstore
memstore_device_bytes = 4294967296
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw_crypt_require_ssl = false
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = lab-kms-key=$(head -c 32 /dev/urandom | base64)
rgw_gc_obj_min_wait = 60
rgw_gc_processor_period = 60
rgw_gc_processor_max_time = 60
END
export CEPH_CONF=$C/ceph.conf
# What becomes of Node 20 is decided (docs/architecture.md, Decisions); of any other version the SDK's warning is news.
[[ $(node --version) != v20.* ]] || export AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true
log=$DIR/log/rgw-setup
# Ceph's tools wait for ever for a server that has died.
quietly() { timeout 30 "$@" >>"$log" 2>&1; }

quietly ceph-authtool --create-keyring "$C/keyring" --gen-key -n mon. --cap mon 'allow *'
quietly ceph-authtool "$C/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
quietly ceph-authtool "$C/keyring" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
quietly ceph-authtool "$C/keyring" --gen-key -n client.rgw.a --cap mon 'allow rw' --cap osd 'allow rwx'
quietly monmaptool --create --fsid "$fsid" --addv a "v1:127.0.0.1:$mon_port" "$C/monmap"

quietly ceph-mon --mkfs -i a -c "$CEPH_CONF" --monmap "$C/monmap" --keyring "$C/keyring"
start ceph-mon ceph-mon -f -i a -c "$CEPH_CONF"
wait_for ceph-mon "$started" accepts "$mon_port"

osd_uuid=$(</proc/sys/kernel/random/uuid)
quietly ceph osd new "$osd_uuid"
quietly ceph-osd --mkfs -i 0 -c "$CEPH_CONF" --osd-uuid "$osd_uuid"
start ceph-osd ceph-osd -f -i 0 -c "$CEPH_CONF"

# user UID: creates it and prints "ACCESS SECRET"
random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
user() {
  local access secret
  access=$(random 10) secret=$(random 20)
  quietly radosgw-admin user create --uid "$1" --display-name "$1" --access-key "$access" --secret "$secret"
  echo "$access $secret"
}
read -r access secret < <(user lab)
read -r quota_access quota_secret < <(user quota)

# A second storage class, in the same pool. A class nobody defined is an error here as it is at AWS.
class=(--placement-id default-placement --storage-class STANDARD_IA)
quietly radosgw-admin zonegroup placement add --rgw-zonegroup default "${class[@]}"
quietly radosgw-admin zone placement add --rgw-zone default "${class[@]}" --data-pool default.rgw.buckets.data

start radosgw radosgw -f -n client.rgw.a -c "$CEPH_CONF"
wait_for radosgw "$started" accepts "$port"

endpoint=http://127.0.0.1:$port
node "$here/make-bucket.mjs" "$endpoint" lab "$access" "$secret"
# The full destination: what does not fit gets 403 QuotaExceeded.
node "$here/make-bucket.mjs" "$endpoint" quota "$quota_access" "$quota_secret"
quietly radosgw-admin quota set --quota-scope=bucket --bucket=quota --max-size=8M
quietly radosgw-admin quota enable --quota-scope=bucket --bucket=quota

cat >"$DIR/json/s3" <<END
"s3": {
  "endpoint": "$endpoint", "region": "us-east-1",
  "bucket": "lab", "accessKey": "$access", "secretKey": "$secret",
  "kmsKeyId": "lab-kms-key", "storageClass": "STANDARD_IA",
  "quotaBucket": "quota", "quotaAccessKey": "$quota_access", "quotaSecretKey": "$quota_secret"
}
END
