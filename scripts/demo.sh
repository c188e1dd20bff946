#!/usr/bin/env bash
# Makes TPC-H data and shows what heddle does with it, SF=0.1 unless told otherwise:
# SF=1 make demo.
set -euo pipefail
cd "$(dirname "$0")/.."

sf=${SF:-0.1}
data=data/demo-sf$sf
PATH="$PWD/bin:$PATH"

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' dim=$'\e[2m' off=$'\e[0m'; else bold='' dim='' off=''; fi
say() { printf '\n%s# %s%s\n' "$dim" "$*" "$off"; }
run() { # echoes a command, and runs it
  printf '%s$ %s%s\n' "$bold" "$1" "$off"
  eval "$1"
}

mkdir -p data
cat >data/q1.sql <<'SQL'
SELECT l_returnflag AS flag, l_linestatus AS status, sum(l_quantity) AS quantity,
       sum(l_extendedprice * (1 - l_discount)) AS revenue, count(*) AS lines
FROM lineitem
WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL '90' DAY
GROUP BY 1, 2
ORDER BY 1, 2
SQL
cat >data/q3.sql <<'SQL'
SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate
FROM customer, orders, lineitem
WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
  AND o_orderdate < DATE '1995-03-15' AND l_shipdate > DATE '1995-03-15'
GROUP BY l_orderkey, o_orderdate
ORDER BY revenue DESC, o_orderdate
LIMIT 5
SQL
cat >data/q6.sql <<'SQL'
SELECT sum(l_extendedprice * l_discount) AS revenue
FROM lineitem
WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01'
  AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24
SQL

if [ ! -e "$data/lineitem.parquet" ]; then
  say "the data of the TPC-H benchmark, as Parquet"
  run "heddle gen tpch --sf $sf --out $data"
fi
if [ ! -e "$data.native/lineitem.htab" ]; then
  say "the same as native tables, which queries map without a copy"
  run "heddle load $data/*.parquet --into $data.native"
fi

say "SQL over a file"
run "heddle run -c \"SELECT count(*) AS lines, max(l_shipdate) AS latest FROM '$data/lineitem.parquet'\""

say "query 1 of the benchmark, and what each phase took"
run "cat data/q1.sql"
run "heddle run data/q1.sql --data $data.native --timing"

say "query 6; then with another literal, for which the machine code is there already"
run "heddle run data/q6.sql --data $data.native"
run "sed 's/< 24/< 25/' data/q6.sql | heddle run - --data $data.native --timing 2>&1 | grep -E 'to Wasm|machine|total'"

say "query 3: its rows, its plan, and what its pipelines did"
run "heddle run data/q3.sql --data $data.native"
run "heddle explain data/q3.sql --data $data.native --analyze"

say "a bundle: compiled once, run without compiling SQL"
run "heddle build data/q3.sql --data $data.native -o data/q3.heddle"
run "heddle run data/q3.heddle --data $data.native --format csv"

say "the twelve queries, warm"
run "heddle bench tpch --data $data.native --runs 3"
