(module
  (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
  (import "library" "memory" (memory (;0;) 65535 65535))
  (import "library" "budget" (global $budget (;0;) (mut i32)))
  (func $select_rows (;0;) (type 0) (param $column i32) (param $selection i32) (param $rows i32) (param $limit i32) (result i32)
    (local $row i32)
    (local $to i32)
    (local $limits v128)
    (local $at i32)
    (local $mask i32)
    (local $b i32)
    local.get $limit
    i16x8.splat
    local.set $limits
    local.get $selection
    local.set $to
    block (;@1;)
      loop (;@2;)
        local.get $row
        local.tee $at
        local.get $rows
        i32.ge_u
        br_if 1 (;@1;)
        local.get $column
        local.get $at
        i32.const 1
        i32.shl
        i32.add
        local.tee $b
        v128.load align=1
        local.get $limits
        i16x8.lt_s
        local.get $b
        v128.load offset=16 align=1
        local.get $limits
        i16x8.lt_s
        i8x16.narrow_i16x8_s
        i8x16.bitmask
        local.set $mask
        block (;@3;)
          loop (;@4;)
            local.get $mask
            i32.eqz
            br_if 1 (;@3;)
            local.get $to
            local.get $at
            local.get $mask
            i32.ctz
            i32.add
            i32.store16 align=1
            local.get $to
            i32.const 2
            i32.add
            local.set $to
            local.get $mask
            local.get $mask
            i32.const 1
            i32.sub
            i32.and
            local.set $mask
            br 0 (;@4;)
          end
        end
        local.get $at
        i32.const 16
        i32.add
        local.set $row
        br 0 (;@2;)
      end
    end
    local.get $to
    local.get $selection
    i32.sub
    i32.const 1
    i32.shr_u)
  (export "select_rows" (func $select_rows)))
