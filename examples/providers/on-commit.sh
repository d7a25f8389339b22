#!/bin/sh
# A hook: the zone that was committed goes to the providers of octodns.yaml. TWINZONE_ZONE is its name.
set -eu
. /etc/twinzone/octodns.env     # AXFR_KEY_NAME, AXFR_KEY_SECRET and the providers' keys
export AXFR_KEY_NAME AXFR_KEY_SECRET AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
exec octodns-sync --config-file=/etc/twinzone/octodns.yaml --doit "$TWINZONE_ZONE"
