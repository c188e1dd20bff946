package random

import (
	"math"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// argument says what a library function takes beyond its type.
type argument uint8

const (
	anyWord     argument = iota // i32
	anyLong                     // i64
	anyWide                     // i128
	anyFloat                    // f64
	someDays                    // i32, a date of the years 1 to 9999 mostly
	someText                    // a packed string of whole characters
	somePattern                 // a compiled pattern
	powerLong                   // 10 to 10^18 as i64
	powerWide                   // 10 to 10^18 as i128
	powerFloat                  // 10 to 10^18 as f64
	limitWide                   // what decimals of some precision stay below
	escapeWord                  // a character, or -1
	truthWord                   // 0 or 1
	scaleWord                   // 0 to 38
	singleFloat                 // f64 that is an f32
	timeOfDay                   // i64, microseconds of a day
	failSite                    // of heddle.fail
)

// libraryCall is a function of the runtime library.
type libraryCall struct {
	name      string
	arguments []argument
	result    ir.Type
	text      bool // the result is a packed string
}

// textCalls are functions that work in private memory, which kernels do not have.
var textCalls = []libraryCall{
	{"string_concat", []argument{someText, someText, failSite}, i64, true},
	{"string_upper", []argument{someText, failSite}, i64, true},
	{"string_lower", []argument{someText, failSite}, i64, true},
	{"bool_to_string", []argument{truthWord, failSite}, i64, true},
	{"i64_to_string", []argument{anyLong, failSite}, i64, true},
	{"i128_to_string", []argument{anyWide, failSite}, i64, true},
	{"decimal_to_string", []argument{anyWide, scaleWord, failSite}, i64, true},
	{"date_to_string", []argument{someDays, failSite}, i64, true},
	{"time_to_string", []argument{timeOfDay, failSite}, i64, true},
	{"timestamp_to_string", []argument{anyLong, failSite}, i64, true},
	{"timestamptz_to_string", []argument{anyLong, failSite}, i64, true},
	{"f64_to_string", []argument{anyFloat, failSite}, i64, true},
	{"f32_to_string", []argument{singleFloat, failSite}, i64, true},
	{"string_to_f64", []argument{someText, failSite}, f64, false},
	{"string_to_f32", []argument{someText, failSite}, f64, false},
	{"string_to_decimal", []argument{someText, scaleWord, limitWide, failSite}, i128, false},
	{"string_to_time", []argument{someText, failSite}, i64, false},
	{"string_to_timestamptz", []argument{someText, failSite}, i64, false},
}

// libraryCalls are functions that kernels may call too.
var libraryCalls = []libraryCall{
	{"string_equal", []argument{someText, someText}, i32, false},
	{"string_compare", []argument{someText, someText}, i32, false},
	{"string_starts_with", []argument{someText, someText}, i32, false},
	{"string_length", []argument{someText}, i64, false},
	{"string_substring", []argument{someText, anyLong, anyLong, failSite}, i64, true},
	{"string_substring_from", []argument{someText, anyLong}, i64, true},
	{"hash_string", []argument{someText}, i64, false},
	{"like", []argument{someText, somePattern}, i32, false},
	{"like_short", []argument{someText, somePattern}, i32, false},
	{"string_equal_short", []argument{someText, someText}, i32, false},
	{"string_starts_with_short", []argument{someText, someText}, i32, false},
	{"like_dynamic", []argument{someText, someText, escapeWord, truthWord, failSite}, i32, false},
	{"date_year", []argument{someDays}, i32, false},
	{"date_month", []argument{someDays}, i32, false},
	{"date_day", []argument{someDays}, i32, false},
	{"date_day_of_week", []argument{someDays}, i32, false},
	{"date_day_of_year", []argument{someDays}, i32, false},
	{"date_add_months", []argument{someDays, anyWord, failSite}, i32, false},
	{"timestamp_days", []argument{anyLong}, i32, false},
	{"timestamp_add_interval", []argument{anyLong, anyWord, anyWord, anyLong, failSite}, i64, false},
	{"i64_add_checked", []argument{anyLong, anyLong, failSite}, i64, false},
	{"i64_sub_checked", []argument{anyLong, anyLong, failSite}, i64, false},
	{"i64_mul_checked", []argument{anyLong, anyLong, failSite}, i64, false},
	{"i128_add_checked", []argument{anyWide, anyWide, failSite}, i128, false},
	{"i128_sub_full", []argument{anyWide, anyWide, failSite}, i128, false},
	{"i128_mul_checked", []argument{anyWide, anyWide, failSite}, i128, false},
	{"i128_mul_full", []argument{anyWide, anyWide, failSite}, i128, false},
	{"i128_div", []argument{anyWide, anyWide, failSite, failSite}, i128, false},
	{"i128_rem", []argument{anyWide, anyWide, failSite, failSite}, i128, false},
	{"i128_to_f64", []argument{anyWide}, f64, false},
	{"f64_to_i128", []argument{anyFloat, failSite}, i128, false},
	{"f64_rem", []argument{anyFloat, anyFloat}, f64, false},
	{"decimal_check", []argument{anyWide, limitWide, failSite}, i128, false},
	{"decimal_scale_up", []argument{anyWide, powerWide, failSite}, i128, false},
	{"decimal_scale_down", []argument{anyWide, powerWide}, i128, false},
	{"decimal64_scale_down", []argument{anyLong, powerLong}, i64, false},
	{"decimal_div", []argument{anyWide, anyWide, powerWide, failSite, failSite}, i128, false},
	{"decimal_to_f64", []argument{anyWide, powerFloat}, f64, false},
	{"f64_to_decimal", []argument{anyFloat, powerFloat, limitWide, failSite}, i128, false},
	{"string_to_i64", []argument{someText, anyLong, anyLong, failSite}, i64, false},
	{"string_to_date", []argument{someText, failSite}, i32, false},
	{"string_to_bool", []argument{someText, failSite}, i32, false},
	{"string_to_timestamp", []argument{someText, failSite}, i64, false},
}

// strings puts text and patterns into linear memory.
func (g *kernGenerator) strings() {
	at := textAt
	for _, text := range texts {
		copy(g.kern.Linear[at:], text)
		g.packed = append(g.packed, int64(len(text))<<32|int64(KernLinear+at))
		at += len(text) + g.source.IntN(5)
	}
	if at > textAt+textSize {
		panic("BUG: the texts do not fit")
	}
	at = patternAt
	for _, pattern := range patterns {
		compiled, err := abi.CompilePattern(pattern, "", false, uint32(KernLinear+at))
		if err != nil || at+len(compiled) > sliceAt {
			panic("BUG: a pattern that does not fit: " + pattern)
		}
		copy(g.kern.Linear[at:], compiled)
		g.pattern = append(g.pattern, uint32(KernLinear+at))
		at = (at + len(compiled) + 7) &^ 7
	}
}

// callLibrary calls a function of the library.
func (g *kernGenerator) callLibrary() {
	if g.calls == 0 || len(g.packed) == 0 {
		g.divide()
		return
	}
	g.calls--
	call := pick(g.source, libraryCalls...)
	if g.options.Threads == 0 && chance(g.source, 40) {
		call = pick(g.source, textCalls...)
	}
	for !g.mayFail && slices.Contains(call.arguments, failSite) {
		call = pick(g.source, libraryCalls...)
	}
	var arguments []*ir.Value
	for _, a := range call.arguments {
		arguments = append(arguments, g.argument(a))
	}
	v := g.call(abi.LibraryModule+"."+call.name, arguments, call.result)
	if call.text {
		g.text = append(g.text, v)
	} else {
		g.values = append(g.values, v)
	}
}

func (g *kernGenerator) argument(a argument) *ir.Value {
	power := int64(math.Pow10(1 + g.source.IntN(18)))
	switch a {
	case anyWord:
		return g.of(i32)
	case anyLong:
		return g.of(i64)
	case anyWide:
		return g.of(i128)
	case anyFloat:
		return g.of(f64)
	case someDays:
		if chance(g.source, 30) {
			return g.of(i32)
		}
		days := g.b.Binary(ir.OpIntegerAnd, g.of(i32), g.constant(i32, 0x3fffff))
		return g.b.Binary(ir.OpIntegerSub, days, g.constant(i32, 719162))
	case someText:
		if len(g.text) > 0 && chance(g.source, 40) {
			return pick(g.source, g.text...)
		}
		first, second := g.b.Const(i64, ir.IntDatum(pick(g.source, g.packed...))), g.b.Const(i64, ir.IntDatum(pick(g.source, g.packed...)))
		return g.b.Op(ir.OpSelect, []*ir.Value{g.condition(), first, second}).Result()
	case somePattern:
		return g.constant(address, int64(pick(g.source, g.pattern...)))
	case powerLong:
		return g.constant(i64, power)
	case powerWide:
		return g.constant(i128, power)
	case powerFloat:
		return g.constant(f64, power)
	case limitWide:
		v, _ := ir.Int128FromBig(ir.PowerOfTen(1 + g.source.IntN(38)))
		return g.b.Const(i128, ir.Int128Datum(v))
	case escapeWord:
		return g.constant(i32, pick(g.source, int64(-1), 0x5c, 0x61))
	case truthWord:
		return g.constant(i32, int64(g.source.IntN(2)))
	case scaleWord:
		return g.constant(i32, int64(g.source.IntN(39)))
	case singleFloat:
		return g.b.Op(ir.OpFloatConvert, []*ir.Value{g.of(f32)}, ir.Attr("type", f64)).Result()
	case timeOfDay:
		return g.b.Binary(ir.OpIntegerRemU, g.of(i64), g.constant(i64, ir.MicrosecondsPerDay))
	case failSite:
		return g.site()
	default:
		panic("BUG: an argument of no kind")
	}
}
