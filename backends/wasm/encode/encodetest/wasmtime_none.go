//go:build !cgo

package encodetest

func cgoEngines() []Engine { return nil }
