#!/usr/bin/env bash
# Renders both front doors into a temporary folder and lets nginx read them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

server() { echo "server 127.0.0.1:$1 max_fails=2 fail_timeout=2s;"; }
again() { echo "server 127.0.0.1:$1 max_fails=0 backup;"; }
sed -e "s|@FOLDER@|$folder|g" -e "s|@SOUK_NGINX@|$here|g" -e "s|@LISTEN@|127.0.0.1:18080|g" \
    -e "s|@UNLIMITED@|127.0.0.0/8 1;|g" \
    -e "s|@API_SERVERS@|$(server 18081)\n$(server 18082)\n$(again 18081)\n$(again 18082)|g" \
    -e "s|@REALTIME_SERVERS@|$(server 18091)\n$(server 18092)|g" \
    "$here/fleet/nginx.conf.template" >"$folder/fleet.conf"
nginx -t -p "$folder" -c "$folder/fleet.conf"

# The deployed one, with a certificate made for this, and ports and paths that need no root.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=shop.example \
    -keyout "$folder/privkey.pem" -out "$folder/fullchain.pem" 2>/dev/null
ln -s "$here" "$folder/souk"
sed -e "s|/etc/ssl/souk|$folder|g" -e "s|/var/log/nginx|$folder|g" \
    -e 's|listen 443|listen 127.0.0.1:18443|; s|listen 80|listen 127.0.0.1:18080|' \
    -e 's|listen \[::\]:443|listen [::1]:18443|; s|listen \[::\]:80|listen [::1]:18080|' \
    "$here/souk.conf" >"$folder/site.conf"
cat >"$folder/nginx.conf" <<END
pid $folder/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
    client_body_temp_path $folder/client_body;
    proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi;
    scgi_temp_path $folder/scgi;
    include site.conf;
}
END
nginx -t -p "$folder" -c "$folder/nginx.conf"
