#!/bin/sh
# Has one person of Taskify told of something, with nothing but Debian's amqp-tools:
# `AMQP_URL=amqp://billing:password@host/taskify examples/amqp-publish.sh KIND MESSAGE PERSON`.
#
# amqp-publish cannot say in the message who sends it (`user_id`). So the routing key begins with the service's own name:
# the broker lets nobody else use it.
set -eu
kind=$1 message=$2 person=$3

command -v amqp-publish >/dev/null || { echo "amqp-publish is missing: apt-get install amqp-tools" >&2; exit 1; }

service=${AMQP_URL#amqp://}
service=${service%%:*}
id=$(cat /proc/sys/kernel/random/uuid)
quoted=$(printf %s "$message" | sed 's/[\\"]/\\&/g')

amqp-publish --url="$AMQP_URL" --persistent --content-type=application/cloudevents+json \
    --exchange=domain.events --routing-key="$service.notification.requested" --body="{
        \"specversion\": \"1.0\",
        \"id\": \"$id\",
        \"type\": \"taskify.notification.requested.v1\",
        \"source\": \"/$service\",
        \"time\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",
        \"data\": {\"recipients\": [\"$person\"], \"kind\": \"$kind\", \"message\": \"$quoted\"}
    }"
echo "$id"
