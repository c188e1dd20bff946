;; Wide arithmetic, for engines that have it.
(module
  (memory (export "memory") 65535 65535)
  (func (export "high") (param i64 i64) (result i64)
    (i64.mul_wide_u (local.get 0) (local.get 1))
    (local.set 0)
    (drop)
    (local.get 0)))
