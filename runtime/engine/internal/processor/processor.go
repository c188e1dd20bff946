// Package processor names the features of the processor on which native code
// may depend. It takes nothing and gives a string for cache keys.
package processor

import (
	"reflect"
	"strings"

	"golang.org/x/sys/cpu"
)

// Features lists the features that this processor has, in a fixed order. Equal
// strings mean that native code made on one machine runs on the other.
func Features() string {
	var names []string
	for _, set := range []any{cpu.X86, cpu.ARM64} {
		value := reflect.ValueOf(set)
		for i := range value.NumField() {
			name, is := strings.CutPrefix(value.Type().Field(i).Name, "Has")
			if field := value.Field(i); is && field.Kind() == reflect.Bool && field.Bool() {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, ",")
}
