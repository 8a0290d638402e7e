#!/bin/sh
# Makes the certificates of the tests again: an authority, and a server certificate for localhost,
# 127.0.0.1 and ::1. Valid until 2100, so that no test fails by date. The keys are no secret.
set -eu
cd "$(dirname "$0")"
days=$(( ($(date -d 2100-01-01 +%s) - $(date +%s)) / 86400 ))
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$days" \
  -subj "/CN=Kolben test authority" -keyout ca-key.pem -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
  -subj "/CN=localhost" -keyout server-key.pem -out server.csr
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n' > server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days "$days" \
  -extfile server.ext -out server.pem
rm -f server.csr server.ext ca.srl ca-key.pem
