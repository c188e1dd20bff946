;; A start function that calls the host too early.
(module
  (import "heddle" "tick" (func $tick))
  (memory (export "memory") 65535 65535)
  (start $tick))
