(module
  (type (;0;) (func (param i32 i32) (result i64)))
  (type (;1;) (func))
  (type (;2;) (func (param i32 i64) (result i64)))
  (import "library" "memory" (memory (;0;) 65535 65535))
  (import "library" "budget" (global $budget (;0;) (mut i32)))
  (import "library" "miss" (func $library.miss (;0;) (type 0)))
  (import "heddle" "tick" (func $heddle.tick (;1;) (type 1)))
  (func $probe (;2;) (type 2) (param $context i32) (param $key i64) (result i64)
    (local i64 i64 i64 i64 i64)
    (local $product.low i64)
    (local $product.high i64)
    (local $record i32)
    (local $hash i32)
    (local $found i64)
    local.get $key
    i64.const 4294967295
    i64.and
    local.set 2
    local.get $key
    i64.const 32
    i64.shr_u
    local.set 3
    i64.const -7046029254386353131
    i64.const 4294967295
    i64.and
    local.set 4
    i64.const -7046029254386353131
    i64.const 32
    i64.shr_u
    local.set 5
    local.get 3
    local.get 4
    i64.mul
    local.get 2
    local.get 4
    i64.mul
    i64.const 32
    i64.shr_u
    i64.add
    local.set 6
    local.get $key
    i64.const -7046029254386353131
    i64.mul
    local.get 3
    local.get 5
    i64.mul
    local.get 6
    i64.const 32
    i64.shr_u
    i64.add
    local.get 2
    local.get 5
    i64.mul
    local.get 6
    i64.const 4294967295
    i64.and
    i64.add
    i64.const 32
    i64.shr_u
    i64.add
    local.set $product.high
    local.set $product.low
    local.get $product.high
    local.get $product.low
    i64.xor
    i32.wrap_i64
    local.set $hash
    local.get $context
    i32.load offset=256 align=1
    local.get $hash
    local.get $context
    i32.load offset=260 align=1
    i32.shr_u
    i32.const 2
    i32.shl
    i32.add
    i32.load align=1
    local.set $record
    block (;@1;)
      loop (;@2;)
        local.get $record
        i32.eqz
        br_if 1 (;@1;)
        local.get $record
        i64.load offset=8 align=1
        local.get $key
        i64.eq
        if (;@3;)
          local.get $record
          i64.load offset=16 align=1
          return
        end
        local.get $record
        i32.load align=1
        local.set $record
        br 0 (;@2;)
      end
    end
    local.get $context
    local.get $hash
    call $library.miss
    local.tee $found
    i64.const 0
    i64.ge_s
    if (;@1;)
      call $heddle.tick
    end
    local.get $found)
  (export "probe" (func $probe)))
