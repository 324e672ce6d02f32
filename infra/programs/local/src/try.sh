#!/bin/sh
# 登录、登记上传、按预签名地址发送示例文件、等待校验、显示错误信息
# signs in, asks for an upload, sends the sample to the presigned address, waits for the check, shows the findings
set -eu
portal=@PORTAL@
api=$portal/api/v1
file=$(mktemp)
trap 'rm -f "$file"' EXIT

bold='' plain=''
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi
say() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
# Stops with a word of explanation when a step gave nothing.
need() { [ -n "$1" ] || { echo "失败，服务没有给出 $2 · failed: the service gave no $2" >&2; exit 1; }; }
# One text field of a JSON answer; the answers here hold no escaped quotes in these fields.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

say "1  登录 · sign in"
token=$(curl -fsS "$api/session" -H 'content-type: application/json' -d @SESSION@ | field token)
need "$token" token
auth="authorization: Bearer $token"

say "2  登记 · register the upload"
curl -fsS -o "$file" "$portal/_local/samples/@NAME@"
answer=$(curl -fsS "$api/uploads" -H "$auth" -H 'content-type: application/json' \
  -d '{"kind":"data","file_name":"@NAME@","size":@SIZE@,"sha256":"@SHA256_HEX@"}')
id=$(printf '%s' "$answer" | field upload_id)
url=$(printf '%s' "$answer" | field url)
need "$url" url
echo "$id"

say "3  发送文件 · send the file"
curl -fsS -X PUT --data-binary "@$file" -H 'content-type:' -H 'if-none-match: *' \
  -H 'x-amz-checksum-sha256: @SHA256_BASE64@' "$url"
echo "@SIZE@ bytes → ${url%%\?*}"

say "4  等待校验 · wait for the check"
status=registered tries=0
while [ "$status" = registered ] || [ "$status" = checking ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 60 ]; then echo "超时 · timed out" >&2; exit 1; fi
  sleep 0.5 2>/dev/null || sleep 1
  status=$(curl -fsS "$api/uploads/$id" -H "$auth" | field status)
  need "$status" status
done
echo "$status"

say "5  错误信息 · findings ($api/uploads/$id/report.csv)"
curl -fsS "$api/uploads/$id/report.csv" -H "$auth" | head -n 20
