#!/bin/sh
# Make what deploy/compose.yml reads: random passwords, in files of a folder that only its owner can enter.
set -eu
umask 077
cd "$(dirname "$0")"
if [ -e postgres_password ]; then
    echo "there are secrets already; remove them first if you want others (a database keeps its old password)" >&2
    exit 1
fi
random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
password=$(random)
secret=$(random)
bell=$(random)
printf '%s' "$password" > postgres_password
printf 'postgresql://samouk:%s@postgres:5432/samouk' "$password" > database_url
printf 'redis://:%s@redis:6379/0' "$bell" > redis_url
# Read by the server as part of its configuration, so that the password is no argument that others see.
printf 'requirepass %s\n' "$bell" > redis_conf
printf 'SAMOUK_S3_SECRET=%s\n' "$secret" > ../.env
cat > s3_config.json <<END
{"identities": [{"name": "samouk", "credentials": [{"accessKey": "samouk", "secretKey": "$secret"}],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}
END
# Containers read mounted secrets as users of their own, past the folder, which nobody else may enter.
chmod 0700 .
chmod 0444 postgres_password database_url redis_url redis_conf s3_config.json
echo "made: postgres_password, database_url, redis_url, redis_conf, s3_config.json and ../.env"
