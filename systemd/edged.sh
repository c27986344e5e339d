#!/bin/sh
# /usr/local/bin/edged on a box: the version that is current, whichever that is.
set -eu

# The service has a copy of the secrets; whoever runs a command beside it, and may read them, finds them here.
: "${CREDENTIALS_DIRECTORY:=/etc/edged}"
export CREDENTIALS_DIRECTORY

if [ "$*" = rollback ]; then # without Python: it must work where the version does not
    exec /opt/edged/bin/versions rollback
fi
exec /opt/edged/current/bin/edged "$@"
