#!/usr/bin/env bash
set -euo pipefail
station="${STATION:-derived/station.parquet}"
for kind in daily monthly; do
    python steps/draw.py "$station" "derived/$kind.png" --by "$kind"
done
