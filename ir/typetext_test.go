package ir

import (
	"encoding/json"
	"testing"
)

func TestParseType(t *testing.T) {
	for _, text := range []string{"i32", "decimal<15,2>?", "{a: i32, \"b c\": string?}", "bag<{a: {b: date}}>", "vec<i8,16>", "null"} {
		got, err := ParseType(text)
		if err != nil || got.String() != text {
			t.Errorf("%s parses as %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "i33", "decimal<39,2>", "i32 i32", "{a: i32", "invalid", "i32??"} {
		if got, err := ParseType(text); err == nil {
			t.Errorf("%q parses as %s", text, got)
		}
	}
	type holder struct{ Column Type }
	want := holder{DecimalType(15, 2).WithNull(true)}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got holder
	if err := json.Unmarshal(data, &got); err != nil || !got.Column.Equal(want.Column) {
		t.Errorf("%s comes back as %s, %v", data, got.Column, err)
	}
}
