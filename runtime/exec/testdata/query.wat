;; Pipelines over a table with the columns k (i64), v (i64, nullable) and t (string), and
;; over these states, state n at local offset 2048n and shared offset 1024+32n:
;;
;;   0 rows    buffer      k i64 @0, v i64 @8, v is NULL @16, t @24; 32 bytes
;;   1 table   hash table  k @8, v @16, mark u8 @24; 32 bytes; 64 partitions
;;   2 groups  aggregate   k @8, sum @16, count @24; 32 bytes; 64 partitions
;;   3 order   sort        key @0 (8 bytes), k @8, v @16, t @24; 32 bytes
;;   4 direct  aggregate   as groups, 8 slots of 16 bytes; 1 partition
;;   5 more    buffer      as rows
;;
;; Parameter 0 is an i64.
(module
  (import "library" "memory" (memory 65535 65535))
  (import "library" "spend" (func $spend))
  (import "heddle" "page" (func $page (param i32 i32 i32) (result i32)))
  (import "heddle" "full" (func $full (param i32)))
  (import "heddle" "fail" (func $fail (param i32)))
  (import "heddle" "tick" (func $tick))

  ;; The place of a record of a size with text behind it; the text is at its return's
  ;; writer end.
  (func $place (param $state i32) (param $part i32) (param $size i32) (param $text i32) (result i32)
    (local $writer i32) (local $cursor i32)
    (local.set $writer (i32.add (i32.add (i32.const 0x120000) (i32.mul (local.get $state) (i32.const 2048)))
      (i32.mul (local.get $part) (i32.const 16))))
    (local.set $cursor (i32.load (local.get $writer)))
    (if (i32.gt_u (i32.add (i32.add (local.get $cursor) (local.get $size)) (local.get $text)) (i32.load offset=4 (local.get $writer)))
      (then (local.set $cursor (call $page (local.get $state) (local.get $part) (i32.add (local.get $size) (local.get $text))))))
    (i32.store (local.get $writer) (i32.add (local.get $cursor) (local.get $size)))
    (i32.store offset=4 (local.get $writer) (i32.sub (i32.load offset=4 (local.get $writer)) (local.get $text)))
    (local.get $cursor))
  (func $text (param $state i32) (result i32)
    (i32.load (i32.add (i32.const 0x120004) (i32.mul (local.get $state) (i32.const 2048)))))

  ;; A packed string made safe: copied behind a record unless it is stable.
  (func $unstable (param $context i32) (param $t i64) (result i32)
    (if (result i32) (i32.and
      (i32.ge_u (i32.wrap_i64 (local.get $t)) (i32.load (local.get $context)))
      (i32.lt_u (i32.wrap_i64 (local.get $t)) (i32.load offset=4 (local.get $context))))
      (then (i32.const 0))
      (else (i32.wrap_i64 (i64.shr_u (local.get $t) (i64.const 32))))))

  (func $emit (param $context i32) (param $state i32) (param $k i64) (param $v i64) (param $null i32) (param $t i64)
    (local $record i32) (local $length i32)
    (local.set $length (call $unstable (local.get $context) (local.get $t)))
    (local.set $record (call $place (local.get $state) (i32.const 0) (i32.const 32) (local.get $length)))
    (if (local.get $length) (then
      (memory.copy (call $text (local.get $state)) (i32.wrap_i64 (local.get $t)) (local.get $length))
      (local.set $t (i64.or (i64.extend_i32_u (call $text (local.get $state))) (i64.shl (i64.extend_i32_u (local.get $length)) (i64.const 32))))))
    (i64.store (local.get $record) (local.get $k))
    (i64.store offset=8 (local.get $record) (local.get $v))
    (i32.store8 offset=16 (local.get $record) (local.get $null))
    (i64.store offset=24 (local.get $record) (local.get $t)))

  (func $hash (param $k i64) (result i32)
    (i32.wrap_i64 (i64.shr_u (i64.mul (local.get $k) (i64.const 0x9E3779B97F4A7C15)) (i64.const 32))))

  ;; Row i of the morsel.
  (func $k (param $i i32) (result i64) (i64.load (i32.add (i32.load (i32.const 0x100010)) (i32.shl (local.get $i) (i32.const 3)))))
  ;; 0 where v is NULL.
  (func $v (param $i i32) (result i64)
    (select (i64.const 0) (i64.load (i32.add (i32.load (i32.const 0x100020)) (i32.shl (local.get $i) (i32.const 3))))
      (call $v_null (local.get $i))))
  (func $v_null (param $i i32) (result i32)
    (i32.eqz (i32.and (i32.const 1) (i32.shr_u
      (i32.load8_u (i32.add (i32.load (i32.const 0x100024)) (i32.shr_u (local.get $i) (i32.const 3))))
      (i32.and (local.get $i) (i32.const 7))))))
  (func $t (param $i i32) (result i64) (local $at i32) (local $first i32)
    (local.set $at (i32.add (i32.load (i32.const 0x100030)) (i32.shl (local.get $i) (i32.const 2))))
    (local.set $first (i32.load (local.get $at)))
    (i64.or
      (i64.extend_i32_u (i32.add (i32.load (i32.const 0x100038)) (local.get $first)))
      (i64.shl (i64.extend_i32_u (i32.sub (i32.load offset=4 (local.get $at)) (local.get $first))) (i64.const 32))))
  (func $coded (param $i i32) (result i64)
    (i64.load (i32.add (i32.load (i32.const 0x10003C))
      (i32.shl (i32.load8_u (i32.add (i32.load (i32.const 0x100030)) (local.get $i))) (i32.const 3)))))

  ;; Sources into the buffer.
  (func (export "emit_values") (param $context i32) (local $i i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load (i32.const 0x100000))))
      (call $emit (local.get $context) (i32.const 0) (i64.extend_i32_u (local.get $i)) (i64.const -1) (i32.rem_u (local.get $i) (i32.const 2)) (i64.const 0))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  (func (export "emit_table") (param $context i32) (local $i i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load (i32.const 0x100000))))
      (if (i64.lt_s (call $k (local.get $i)) (i64.load offset=64 (local.get $context))) (then
        (call $emit (local.get $context) (i32.const 0) (call $k (local.get $i)) (call $v (local.get $i)) (call $v_null (local.get $i)) (call $t (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  (func (export "emit_coded") (param $context i32) (local $i i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load (i32.const 0x100000))))
      (call $emit (local.get $context) (i32.const 0) (call $k (local.get $i))
        (i64.load8_u (i32.add (i32.load offset=2000 (local.get $context)) (i32.load8_u (i32.add (i32.load (i32.const 0x100030)) (local.get $i)))))
        (i32.const 0) (call $coded (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  ;; The length of each entry, one byte each.
  (func (export "lengths") (param $context i32) (param $dictionary i32) (param $count i32) (param $out i32) (local $i i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
      (i32.store8 (i32.add (local.get $out) (local.get $i)) (i32.load offset=4 (i32.add (local.get $dictionary) (i32.shl (local.get $i) (i32.const 3)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  (func (export "copy_rows") (param $context i32) (local $r i32)
    (local.set $r (i32.load (i32.const 0x100010)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $r) (i32.load (i32.const 0x100014))))
      (call $emit (local.get $context) (i32.const 5) (i64.load (local.get $r)) (i64.load offset=8 (local.get $r)) (i32.load8_u offset=16 (local.get $r)) (i64.load offset=24 (local.get $r)))
      (local.set $r (i32.add (local.get $r) (i32.const 32)))
      (br $next))))

  ;; Joins.
  (func (export "build") (param $context i32) (local $i i32) (local $r i32) (local $h i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load (i32.const 0x100000))))
      (local.set $h (call $hash (call $k (local.get $i))))
      (local.set $r (call $place (i32.const 1) (i32.shr_u (local.get $h) (i32.const 26)) (i32.const 32) (i32.const 0)))
      (i32.store offset=4 (local.get $r) (local.get $h))
      (i64.store offset=8 (local.get $r) (call $k (local.get $i)))
      (i64.store offset=16 (local.get $r) (call $v (local.get $i)))
      (i32.store8 offset=24 (local.get $r) (i32.const 0))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  (func $resident (param $context i32) (param $h i32) (result i32)
    (i32.wrap_i64 (i64.and (i64.const 1) (i64.shr_u
      (i64.load (i32.add (local.get $context) (i32.const 1064)))
      (i64.extend_i32_u (i32.shr_u (local.get $h) (i32.const 26)))))))
  ;; A left join: rows without a match have v NULL.
  (func (export "probe") (param $context i32) (local $i i32) (local $r i32) (local $h i32) (local $found i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load (i32.const 0x100000))))
      (local.set $h (call $hash (call $k (local.get $i))))
      (local.set $found (i32.const 0))
      (local.set $r (i32.load (i32.add (i32.load offset=1056 (local.get $context))
        (i32.shl (i32.shr_u (local.get $h) (i32.load offset=1060 (local.get $context))) (i32.const 2)))))
      (block $end (loop $chain
        (br_if $end (i32.eqz (local.get $r)))
        (if (i64.eq (i64.load offset=8 (local.get $r)) (call $k (local.get $i))) (then
          (local.set $found (i32.const 1))
          (i32.store8 offset=24 (local.get $r) (i32.const 1))
          (call $emit (local.get $context) (i32.const 0) (call $k (local.get $i)) (i64.load offset=16 (local.get $r)) (i32.const 0) (i64.const 0))))
        (local.set $r (i32.load (local.get $r)))
        (br $chain)))
      (if (i32.and (i32.eqz (local.get $found)) (call $resident (local.get $context) (local.get $h))) (then
        (call $emit (local.get $context) (i32.const 0) (call $k (local.get $i)) (i64.const 0) (i32.const 1) (i64.const 0))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  (func (export "unmatched") (param $context i32) (local $r i32)
    (local.set $r (i32.load (i32.const 0x100010)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $r) (i32.load (i32.const 0x100014))))
      (if (i32.eqz (i32.load8_u offset=24 (local.get $r))) (then
        (call $emit (local.get $context) (i32.const 5) (i64.load offset=8 (local.get $r)) (i64.load offset=16 (local.get $r)) (i32.const 0) (i64.const 0))))
      (local.set $r (i32.add (local.get $r) (i32.const 32)))
      (br $next))))

  ;; Groups of k mod parameter 0.
  (func (export "aggregate") (param $context i32) (local $i i32) (local $r i32) (local $h i32) (local $g i64) (local $slot i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load (i32.const 0x100000))))
      (local.set $g (i64.rem_s (call $k (local.get $i)) (i64.load offset=64 (local.get $context))))
      (local.set $h (call $hash (local.get $g)))
      (local.set $r (i32.load (i32.add (i32.load (i32.const 0x121400))
        (i32.shl (i32.shr_u (local.get $h) (i32.load (i32.const 0x121404))) (i32.const 2)))))
      (block $found
        (loop $chain
          (if (local.get $r) (then
            (br_if $found (i64.eq (i64.load offset=8 (local.get $r)) (local.get $g)))
            (local.set $r (i32.load (local.get $r)))
            (br $chain))))
        (if (i32.ge_u (i32.load (i32.const 0x121408)) (i32.load (i32.const 0x12140C))) (then (call $full (i32.const 2))))
        (local.set $r (call $place (i32.const 2) (i32.shr_u (local.get $h) (i32.const 26)) (i32.const 32) (i32.const 0)))
        (i32.store (i32.const 0x121408) (i32.add (i32.load (i32.const 0x121408)) (i32.const 1)))
        (local.set $slot (i32.add (i32.load (i32.const 0x121400))
          (i32.shl (i32.shr_u (local.get $h) (i32.load (i32.const 0x121404))) (i32.const 2))))
        (i32.store (local.get $r) (i32.load (local.get $slot)))
        (i32.store (local.get $slot) (local.get $r))
        (i32.store offset=4 (local.get $r) (local.get $h))
        (i64.store offset=8 (local.get $r) (local.get $g))
        (i64.store offset=16 (local.get $r) (i64.const 0))
        (i64.store offset=24 (local.get $r) (i64.const 0)))
      (i64.store offset=16 (local.get $r) (i64.add (i64.load offset=16 (local.get $r)) (call $v (local.get $i))))
      (i64.store offset=24 (local.get $r) (i64.add (i64.load offset=24 (local.get $r)) (i64.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  (func $merge (param $runs i32) (param $count i32) (param $directory i32) (param $shift i32) (param $skip i32)
    (local $r i32) (local $slot i32) (local $c i32)
    (block $done (loop $run
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $r (i32.load (local.get $runs)))
      (block $end (loop $next
        (br_if $end (i32.ge_u (local.get $r) (i32.load offset=4 (local.get $runs))))
        (local.set $slot (i32.add (local.get $directory) (i32.shl
          (i32.shr_u (i32.shl (i32.load offset=4 (local.get $r)) (local.get $skip)) (local.get $shift)) (i32.const 2))))
        (local.set $c (i32.load (local.get $slot)))
        (block $merged
          (block $new
            (loop $chain
              (br_if $new (i32.eqz (local.get $c)))
              (if (i64.ne (i64.load offset=8 (local.get $c)) (i64.load offset=8 (local.get $r))) (then
                (local.set $c (i32.load (local.get $c)))
                (br $chain))))
            (i64.store offset=16 (local.get $c) (i64.add (i64.load offset=16 (local.get $c)) (i64.load offset=16 (local.get $r))))
            (i64.store offset=24 (local.get $c) (i64.add (i64.load offset=24 (local.get $c)) (i64.load offset=24 (local.get $r))))
            (i32.store (local.get $r) (i32.const -1))
            (br $merged))
          (i32.store (local.get $r) (i32.load (local.get $slot)))
          (i32.store (local.get $slot) (local.get $r)))
        (local.set $r (i32.add (local.get $r) (i32.const 32)))
        (br $next)))
      (local.set $runs (i32.add (local.get $runs) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $run))))
  (func (export "merge") (param $context i32) (param $runs i32) (param $count i32) (param $directory i32) (param $shift i32)
    (call $merge (local.get $runs) (local.get $count) (local.get $directory) (local.get $shift) (i32.const 6)))
  (func (export "merge_direct") (param $context i32) (param $runs i32) (param $count i32) (param $directory i32) (param $shift i32)
    (call $merge (local.get $runs) (local.get $count) (local.get $directory) (local.get $shift) (i32.const 0)))
  (func (export "emit_groups") (param $context i32) (local $r i32)
    (local.set $r (i32.load (i32.const 0x100010)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $r) (i32.load (i32.const 0x100014))))
      (if (i32.ne (i32.load (local.get $r)) (i32.const -1)) (then
        (call $emit (local.get $context) (i32.const 0) (i64.load offset=8 (local.get $r)) (i64.load offset=16 (local.get $r)) (i32.const 0) (i64.const 0))))
      (local.set $r (i32.add (local.get $r) (i32.const 32)))
      (br $next))))
  ;; Groups of k mod 8 in slots: sum, count.
  (func (export "direct") (param $context i32) (local $i i32) (local $s i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load (i32.const 0x100000))))
      (local.set $s (i32.add (i32.load (i32.const 0x122020)) (i32.shl (i32.and (i32.wrap_i64 (call $k (local.get $i))) (i32.const 7)) (i32.const 4))))
      (i64.store (local.get $s) (i64.add (i64.load (local.get $s)) (call $v (local.get $i))))
      (i64.store offset=8 (local.get $s) (i64.add (i64.load offset=8 (local.get $s)) (i64.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  (func (export "flush") (param $context i32))
  (func (export "collect") (param $context i32) (local $i i32) (local $r i32) (local $s i32)
    (loop $next
      (local.set $s (i32.add (i32.load (i32.const 0x122020)) (i32.shl (local.get $i) (i32.const 4))))
      (if (i32.eqz (i64.eqz (i64.load offset=8 (local.get $s)))) (then
        (local.set $r (call $place (i32.const 4) (i32.const 0) (i32.const 32) (i32.const 0)))
        (i32.store (local.get $r) (i32.const 0))
        (i32.store offset=4 (local.get $r) (call $hash (i64.extend_i32_u (local.get $i))))
        (i64.store offset=8 (local.get $r) (i64.extend_i32_u (local.get $i)))
        (i64.store offset=16 (local.get $r) (i64.load (local.get $s)))
        (i64.store offset=24 (local.get $r) (i64.load offset=8 (local.get $s)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 8)))))

  ;; Sorts by v, descending when parameter 0 is not zero, as 8 bytes.
  (func $swap (param $x i64) (result i64) (local $i i32) (local $y i64)
    (loop $next
      (local.set $y (i64.or (i64.shl (local.get $y) (i64.const 8)) (i64.and (local.get $x) (i64.const 255))))
      (local.set $x (i64.shr_u (local.get $x) (i64.const 8)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 8))))
    (local.get $y))
  (func (export "sort") (param $context i32) (local $i i32) (local $r i32) (local $x i64) (local $l i32) (local $t i64)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load (i32.const 0x100000))))
      (local.set $x (i64.xor (call $v (local.get $i)) (i64.const 0x8000000000000000)))
      (if (i64.ne (i64.load offset=64 (local.get $context)) (i64.const 0)) (then (local.set $x (i64.xor (local.get $x) (i64.const -1)))))
      (local.set $t (call $t (local.get $i)))
      (local.set $l (call $unstable (local.get $context) (local.get $t)))
      (block $skip
        ;; The threshold's key: above it no row matters.
        (if (i32.eqz (i64.eqz (i64.load (i32.const 0x121828)))) (then
          (br_if $skip (i64.gt_u (local.get $x) (call $swap (i64.load (i32.wrap_i64 (i64.load (i32.const 0x121828)))))))))
        (local.set $r (call $place (i32.const 3) (i32.const 0) (i32.const 32) (i32.add (i32.const 8) (local.get $l))))
        (i64.store (local.get $r) (i64.or (i64.extend_i32_u (call $text (i32.const 3))) (i64.const 0x800000000)))
        (i64.store (call $text (i32.const 3)) (call $swap (local.get $x)))
        (if (local.get $l) (then
          (memory.copy (i32.add (call $text (i32.const 3)) (i32.const 8)) (i32.wrap_i64 (local.get $t)) (local.get $l))
          (local.set $t (i64.or (i64.extend_i32_u (i32.add (call $text (i32.const 3)) (i32.const 8))) (i64.shl (i64.extend_i32_u (local.get $l)) (i64.const 32))))))
        (i64.store offset=8 (local.get $r) (call $k (local.get $i)))
        (i64.store offset=16 (local.get $r) (call $v (local.get $i)))
        (i64.store offset=24 (local.get $r) (local.get $t)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  (func (export "emit_sorted") (param $context i32) (local $i i32) (local $r i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load (i32.const 0x100000))))
      (local.set $r (i32.load (i32.add (i32.load (i32.const 0x100010)) (i32.shl (local.get $i) (i32.const 2)))))
      (call $emit (local.get $context) (i32.const 0) (i64.load offset=8 (local.get $r)) (i64.load offset=16 (local.get $r)) (i32.const 0) (i64.load offset=24 (local.get $r)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))

  ;; Mischief.
  (func (export "endless") (param $context i32) (loop $again (call $spend) (br $again)))
  (func (export "fail") (param $context i32) (call $fail (i32.const 0)))
  (func (export "fail_wrongly") (param $context i32) (call $fail (i32.const 77)))
  (func (export "page_of_nothing") (param $context i32) (drop (call $page (i32.const 77) (i32.const 0) (i32.const 64))))
  (func (export "page_of_other") (param $context i32) (drop (call $page (i32.const 1) (i32.const 0) (i32.const 64))))
  (func (export "page_of_partition") (param $context i32) (drop (call $page (i32.const 0) (i32.const 1) (i32.const 64))))
  (func (export "page_of_4_gib") (param $context i32) (drop (call $page (i32.const 0) (i32.const 0) (i32.const -1))))
  (func (export "full_of_other") (param $context i32) (call $full (i32.const 0)))
  (func (export "bad_cursor") (param $context i32)
    (drop (call $page (i32.const 0) (i32.const 0) (i32.const 64)))
    (i32.store (i32.const 0x120000) (i32.const 0x7FFFFFFF)))
  (func (export "bad_page") (param $context i32)
    (drop (call $page (i32.const 0) (i32.const 0) (i32.const 64)))
    (i32.store (i32.const 0x120008) (i32.const 0x12345)))
  (func (export "bad_text") (param $context i32)
    (call $emit (local.get $context) (i32.const 0) (i64.const 1) (i64.const 1) (i32.const 0) (i64.const 0))
    (i64.store offset=24 (i32.sub (i32.load (i32.const 0x120000)) (i32.const 32)) (i64.const 0xFFFFFFFF00000010)))
  (func (export "bad_key") (param $context i32)
    (i64.store (call $place (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 0)) (i64.const 0xFFFFFFFF00000010)))
  (func (export "bad_partition") (param $context i32)
    (i32.store offset=4 (call $place (i32.const 1) (i32.const 0) (i32.const 32) (i32.const 0)) (i32.const -1)))
  (func (export "illegal") (param $context i32) (i32.store (i32.const -4) (i32.const 1)))
  (func (export "nothing") (param $context i32)))
