;; As much of the runtime library as the tests need.
(module
  (import "heddle" "tick" (func $tick))
  (memory (export "memory") 65535 65535)
  (global $budget (export "budget") (mut i32) (i32.const 1000))
  (func (export "spend")
    (global.set $budget (i32.sub (global.get $budget) (i32.const 1)))
    (if (i32.lt_s (global.get $budget) (i32.const 0)) (then (call $tick)))))
