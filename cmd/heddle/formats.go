package main

// The formats of data files register themselves.
import (
	_ "github.com/heddle-lang/heddle/runtime/store/arrow"
	_ "github.com/heddle-lang/heddle/runtime/store/delimited"
	_ "github.com/heddle-lang/heddle/runtime/store/native"
	_ "github.com/heddle-lang/heddle/runtime/store/ndjson"
	_ "github.com/heddle-lang/heddle/runtime/store/parquet"
)
