;; A memory that does not have the agreed size.
(module (memory (export "memory") 1 1))
