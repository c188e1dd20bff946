(module
  (type (;0;) (func))
  (type (;1;) (func (param i32)))
  (import "library" "memory" (memory (;0;) 65535 65535))
  (import "library" "budget" (global $budget (;0;) (mut i32)))
  (import "heddle" "tick" (func $heddle.tick (;0;) (type 0)))
  (func $filter_sum (;1;) (type 1) (param $context i32)
    (local $turns i32)
    (local $rows i32)
    (local $dates i32)
    (local $prices i32)
    (local $discounts i32)
    (local $low i32)
    (local $row i32)
    (local $sum.low i64)
    (local $sum.high i64)
    (local $high i32)
    (local $date i32)
    (local i64)
    (local $state i32)
    (local i64)
    i32.const 1024
    local.set $turns
    i32.const 1048576
    i32.load align=1
    local.set $rows
    i32.const 1048576
    i32.load offset=16 align=1
    local.set $dates
    i32.const 1048576
    i32.load offset=32 align=1
    local.set $prices
    i32.const 1048576
    i32.load offset=48 align=1
    local.set $discounts
    local.get $context
    i32.load offset=64 align=1
    local.set $low
    local.get $context
    i32.load offset=80 align=1
    local.set $high
    block (;@1;)
      loop (;@2;)
        local.get $turns
        i32.const 0
        i32.lt_s
        if (;@3;)
          global.get $budget
          i32.const 1024
          i32.sub
          global.set $budget
          global.get $budget
          i32.const 0
          i32.lt_s
          if (;@4;)
            call $heddle.tick
          end
          i32.const 1024
          local.set $turns
        end
        loop (;@3;)
          local.get $turns
          i32.const 1
          i32.sub
          local.tee $turns
          i32.const 0
          i32.lt_s
          br_if 1 (;@2;)
          local.get $row
          local.get $rows
          i32.ge_u
          br_if 2 (;@1;)
          block (;@4;)
            local.get $dates
            local.get $row
            i32.const 1
            i32.shl
            i32.add
            i32.load16_u align=1
            local.tee $date
            local.get $low
            i32.lt_s
            br_if 0 (;@4;)
            local.get $date
            local.get $high
            i32.ge_s
            br_if 0 (;@4;)
            local.get $sum.low
            local.get $sum.high
            local.get $prices
            local.get $row
            i32.const 2
            i32.shl
            i32.add
            i64.load32_s align=1
            local.get $discounts
            local.get $row
            i32.add
            i64.load8_u
            i64.mul
            local.tee 12
            local.get 12
            i64.const 63
            i64.shr_s
            i64.add128
            local.set $sum.high
            local.set $sum.low
          end
          local.get $row
          i32.const 1
          i32.add
          local.set $row
          br 0 (;@3;)
        end
      end
    end
    i32.const 1179648
    i32.load offset=16 align=1
    local.tee $state
    i64.load align=1
    local.get $state
    i64.load offset=8 align=1
    local.get $sum.low
    local.get $sum.high
    i64.add128
    local.set 12
    local.set 14
    local.get $state
    local.get 14
    i64.store align=1
    local.get $state
    local.get 12
    i64.store offset=8 align=1)
  (export "filter_sum" (func $filter_sum)))
