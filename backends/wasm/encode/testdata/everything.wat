(module $everything
  (type (;0;) (func))
  (type (;1;) (func (param i32 i64) (result i64)))
  (import "heddle" "tick" (func $tick (;0;) (type 0)))
  (import "heddle" "heap \"shared\"" (memory $heap (;0;) 1 65536))
  (import "heddle" "base" (global (;0;) i32))
  (import "heddle" "routines" (table (;0;) 1 funcref))
  (func $"pipeline 0" (;1;) (type 1) (param i32) (param $rows i64) (result i64)
    (local $row i32)
    (local i32 i32)
    (local $total f64)
    (local v128)
    block (;@1;)
      loop (;@2;)
        global.get $budget
        i64.const 1
        i64.sub
        global.set $budget
        global.get $budget
        i64.eqz
        if (;@3;)
          call $tick
        else
          br 2 (;@1;)
        end
        local.get 0
        br_table 0 1
      end
    end
    local.get $rows)
  (func (;2;) (type 0))
  (func $copy (;3;) (type 0))
  (table $handles (;1;) 0 9 externref)
  (table (;2;) 4 funcref)
  (global $budget (;1;) (mut i64) (i64.const 1099511627776))
  (global (;2;) f64 (f64.const 0.1))
  (global (;3;) (mut f32) (f32.const -1e+30))
  (global (;4;) funcref (ref.null func))
  (global (;5;) funcref (ref.func $tick))
  (global (;6;) i32 (global.get 0))
  (global (;7;) v128 (v128.const i32x4 0x04030201 0x00000000 0x00000000 0xf0000000))
  (export "run" (func $"pipeline 0"))
  (export "heap" (memory $heap))
  (export "budget" (global $budget))
  (export "handles" (table $handles))
  (start 2)
  (elem (;0;) (i32.const 0) func $"pipeline 0" $copy)
  (elem (;1;) (table 2) (i32.const 1) func $tick)
  (data (;0;) (global.get 0) "BUILDING\0a"))
