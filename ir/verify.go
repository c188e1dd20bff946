package ir

import "github.com/heddle-lang/heddle/internal/diag"

func Verify(m *Module) diag.List { return nil }
