;; A runtime library as small as the tests allow.
(module
  (import "heddle" "tick" (func $tick))
  (memory (export "memory") 65535 65535)
  (global $budget (export "budget") (mut i32) (i32.const 1000))
  (data (i32.const 0x10000) "static")
  (func (export "double") (param i32) (result i32)
    (i32.mul (local.get 0) (i32.const 2)))
  (func (export "spend")
    (global.set $budget (i32.sub (global.get $budget) (i32.const 1)))
    (if (i32.lt_s (global.get $budget) (i32.const 0)) (then (call $tick)))))
