;; A module that wants more than it is given.
(module
  (import "library" "memory" (memory 65535 65535))
  (import "heddle" "clock" (func)))
