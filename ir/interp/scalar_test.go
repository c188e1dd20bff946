package interp

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

func parse(t testing.TB, text string) *ir.Module {
	t.Helper()
	file := diag.NewFile("test.cir", text)
	m, list := ir.Parse(file)
	list = append(list, ir.VerifyIn(m, file)...)
	for _, d := range list {
		t.Errorf("%v %v", d, d.Notes)
	}
	if len(list) > 0 {
		t.Fatalf("in\n%s", text)
	}
	return m
}

// scalar evaluates lines of scalar code, separated by semicolons, of which the last
// names the result %x and says its type after "=>".
func scalar(t *testing.T, code string) string {
	t.Helper()
	lines := strings.ReplaceAll(code, "; ", "\n")
	m := parse(t, "cir 1\nflow @f() -> bag<{}> {\n%v = values [()] : bag<{}>\n%p = filter %v (%r) {\n"+lines+"\n%n = is_null %x\nyield %n\n}\nreturn %v [] labels []\n}")
	filter := m.Functions[0].Body.Ops[1]
	yield := filter.Regions[0].Terminator()
	x := yield.Operands[0].Op.Operands[0]
	yield.Operands[0] = x
	values, err := Evaluate(filter.Regions[0], nil, nil)
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		return string(d.Code)
	}
	return string(ir.AppendLiteral(nil, x.Type, values[0]))
}

func binary(op, t, a, b string) string {
	return "%a = const " + a + " : " + t + "; %b = const " + b + " : " + t + "; %x = " + op + " %a, %b"
}

func cast(from, a, to string) string {
	return "%a = const " + a + " : " + from + "; %x = cast %a : " + to
}

func unary(op, t, a string) string { return "%a = const " + a + " : " + t + "; %x = " + op + " %a" }

func TestScalar(t *testing.T) {
	const overflow, zero, conversion, argument = "E0601", "E0602", "E0603", "E0604"
	for _, test := range []struct{ code, want string }{
		{binary("add", "i8", "127", "0"), "127"},
		{binary("add", "i8", "127", "1"), overflow},
		{binary("sub", "i64", "-9223372036854775808", "1"), overflow},
		{binary("mul", "i32", "65536", "32768"), overflow},
		{binary("mul", "i128", "-170141183460469231731687303715884105728", "1"), "-170141183460469231731687303715884105728"},
		{binary("mul", "i128", "-170141183460469231731687303715884105728", "-1"), overflow},
		{binary("div", "i32", "-7", "2"), "-3"},
		{binary("div", "i32", "-2147483648", "-1"), overflow},
		{binary("mod", "i32", "-2147483648", "-1"), "0"},
		{binary("mod", "i32", "-7", "2"), "-1"},
		{binary("mod", "i32", "1", "0"), zero},
		{binary("add", "i32?", "null", "1"), "null"},
		{binary("add", "decimal<4,2>", "99.99", "0.01"), "100.00"},
		{binary("add", "decimal<38,0>", "99999999999999999999999999999999999999", "1"), overflow},
		{binary("mul", "decimal<4,2>", "1.50", "-0.05"), "-0.0750"},
		{binary("div", "decimal<4,2>", "2.00", "3.00"), "0.666666666667"},
		{binary("div", "decimal<4,2>", "-2.00", "3.00"), "-0.666666666667"},
		{binary("div", "decimal<4,2>", "1.00", "0.00"), zero},
		{"%a = const 7.5 : decimal<2,1>; %b = const 2 : decimal<1,0>; %x = mod %a, %b", "1.5"},
		{binary("add", "f32", "16777216", "1"), "1.6777216e+07"},
		{binary("div", "f64", "1", "0"), "inf"},
		{binary("div", "f64", "0", "-3"), "-0"},
		{unary("neg", "i16", "-32768"), overflow},
		{unary("neg", "f64", "0"), "-0"},
		{unary("abs", "decimal<3,1>", "-1.5"), "1.5"},
		{unary("neg", "interval", `"1 mon -2 days +00:00:01"`), `"-1 mons +2 days -00:00:01"`},
		{binary("eq", "f64", "nan", "nan"), "true"},
		{binary("lt", "f64", "inf", "nan"), "true"},
		{binary("lt", "f64", "-0", "0"), "false"},
		{binary("lt", "bool", "false", "true"), "true"},
		{binary("lt", "string", `"Z"`, `"a"`), "true"},
		{binary("eq", "interval", `"1 mon"`, `"30 days"`), "true"},
		{binary("lt", "uuid", `"7fffffff-0000-0000-0000-000000000000"`, `"ffffffff-0000-0000-0000-000000000000"`), "true"},
		{binary("is_distinct", "i32?", "null", "null"), "false"},
		{binary("is_distinct", "i32?", "null", "1"), "true"},
		{binary("and", "bool?", "null", "false"), "false"},
		{binary("and", "bool?", "null", "true"), "null"},
		{binary("or", "bool?", "null", "true"), "true"},
		{unary("not", "bool?", "null"), "null"},
		{"%c = const true : bool; %x = if %c then {; %t = const 1 : i32; yield %t; } else {; %a = const 0 : i32; %b = div %a, %a; yield %b; }", "1"},
		{unary("in", "i32?", "1") + " [2, 1, null]", "true"},
		{unary("in", "i32", "3") + " [2, 1, null]", "null"},
		{cast("decimal<4,1>", "2.5", "i32"), "3"},
		{cast("decimal<4,1>", "-2.5", "i32"), "-3"},
		{cast("f64", "2.5", "i32"), "2"},
		{cast("f64", "nan", "i32"), conversion},
		{cast("i32", "300", "i8"), conversion},
		{cast("f64", "1e300", "f32"), conversion},
		{cast("f64", "0.125", "decimal<4,2>"), "0.13"},
		{cast("i32", "100", "decimal<4,2>"), conversion},
		{cast("decimal<38,10>", "0.1000000000", "f64"), "0.1"},
		{cast("string", `" 12 "`, "i32"), "12"},
		{cast("string", `"12x"`, "i32"), conversion},
		{cast("string", `"1.005"`, "decimal<4,2>"), "1.01"},
		{cast("string", `"2000-02-30"`, "date"), conversion},
		{cast("f64", "1e15", "string"), `"1e+15"`},
		{cast("date", `"1969-12-31"`, "timestamp"), `"1969-12-31 00:00:00"`},
		{cast("timestamp", `"1969-12-31 23:59:59.999999"`, "date"), `"1969-12-31"`},
		{cast("timestamptz", `"2000-01-01 12:00:00+02"`, "time"), `"10:00:00"`},
		{cast("i32", "7", "bool"), "true"},
		{cast("null", "null", "i32?"), "null"},
		{binary("like", "string", `"heddle"`, `"h%d_e"`), "true"},
		{binary("like", "string", `"a_b"`, `"a\\_b"`), "true"},
		{binary("like", "string", `"axb"`, `"a\\_b"`), "false"},
		{binary("like", "string", `""`, `"%"`), "true"},
		{binary("like", "string", `"äb"`, `"__"`), "true"},
		{binary("like", "string", `"a"`, `"x\\"`), argument},
		{binary("like", "string", `"a\\"`, `"a\\"`) + ` escape ""`, "true"},
		{binary("like", "string", `"HEDDLE"`, `"hed%"`) + ` insensitive true`, "true"},
		{"%s = const \"äöü\" : string; %i = const 0 : i64; %n0 = const 3 : i64; %x = substring %s, %i, %n0", `"äö"`},
		{"%s = const \"abc\" : string; %i = const 9223372036854775807 : i64; %x = substring %s, %i, %i", `""`},
		{"%s = const \"abc\" : string; %i = const -1 : i64; %x = substring %s, %i, %i", argument},
		{unary("length", "string", `"äö"`), "2"},
		{unary("upper", "string", `"aä"`), `"Aä"`},
		{binary("starts_with", "string", `"abc"`, `"ab"`), "true"},
		{unary("extract", "date", `"2024-12-29"`) + ` "dow"`, "0"},
		{unary("extract", "date", `"2024-12-31"`) + ` "doy"`, "366"},
		{unary("extract", "timestamp", `"1969-12-31 23:59:59.5"`) + ` "epoch"`, "-1"},
		{"%d = const \"2024-01-31\" : date; %i = const \"1 mon\" : interval; %x = add_interval %d, %i", `"2024-02-29 00:00:00"`},
		{"%d = const \"2024-01-31\" : date; %i = const 2147483647 : i32; %x = add_days %d, %i", overflow},
		{binary("days_between", "date", `"2024-03-01"`, `"2024-02-01"`), "29"},
	} {
		t.Run(test.code, func(t *testing.T) {
			if got := scalar(t, test.code); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestFold(t *testing.T) {
	b := ir.At(ir.NewBlock())
	one, zero := b.Const(ir.Of(ir.I32), ir.IntDatum(1)), b.Const(ir.Of(ir.I32), ir.IntDatum(0))
	if d, ok := Fold(b.Binary(ir.OpAdd, one, one).Op); !ok || d.Int() != 2 {
		t.Errorf("1 + 1 folds to %v, %v", d, ok)
	}
	if _, ok := Fold(b.Binary(ir.OpDivide, one, zero).Op); ok {
		t.Error("a trap folds")
	}
	if _, ok := Fold(b.Unary(ir.OpNegate, b.Op(ir.OpParameter, nil, ir.Attr("index", int64(0)), ir.Attr("type", ir.Of(ir.I32))).Result()).Op); ok {
		t.Error("a parameter folds")
	}
}

func TestRun(t *testing.T) {
	const head = `cir 1
table @t rows 4 {
  k: i32?
  s: string
  f: f64
}
parameter 0 : i32 = 2
`
	tables := map[string]*Table{"t": {Rows: 4, Columns: [][]ir.Datum{
		{ir.IntDatum(1), ir.NullDatum, ir.IntDatum(2), ir.NullDatum},
		{ir.TextDatum("a"), ir.TextDatum("b"), ir.TextDatum("c"), ir.TextDatum("d")},
		{ir.FloatDatum(0), ir.FloatDatum(1), ir.FloatDatum(-0.5), ir.FloatDatum(2)},
	}}}
	const scan = "%t = scan @t columns [k, s] : bag<{k: i32?, s: string}>\n"
	const both = scan + "%u = scan @t columns [k2 = k, f] : bag<{k2: i32?, f: f64}>\n"
	join := func(kind, results, columns string) string {
		return "flow @f() -> bag<" + results + "> {\n" + both + "%j = join %t, %u " + kind + ` (%l, %r) {
      %a = field %l "k"
      %b = field %r "k2"
      %p = parameter 0 : i32
      %e = eq %a, %b
      %g = ge %b, %p
      %c = and %e, %g
      yield %c
    }
    return %j ` + columns + " labels " + columns + "\n}"
	}
	for _, test := range []struct{ name, text, want string }{
		{"inner", join("inner", "{k: i32?, f: f64}", "[k, f]"), "[k f]\n2 | -0.5\n"},
		{"left", join("left", "{k: i32?, f: f64?}", "[k, f]"), "[k f]\n1 | null\nnull | null\n2 | -0.5\nnull | null\n"},
		{"right", join("right", "{s: string?, f: f64}", "[s, f]"), "[s f]\n\"c\" | -0.5\nnull | 0\nnull | 1\nnull | 2\n"},
		{"full", join("full", "{s: string?, f: f64?}", "[s, f]"), "[s f]\n\"a\" | null\n\"b\" | null\n\"c\" | -0.5\n\"d\" | null\nnull | 0\nnull | 1\nnull | 2\n"},
		{"semi", join("semi", "{s: string}", "[s]"), "[s]\n\"c\"\n"},
		{"anti", join("anti", "{s: string}", "[s]"), "[s]\n\"a\"\n\"b\"\n\"d\"\n"},
		{"sort", "flow @f() -> bag<{s: string}> {\n" + scan + "%o = sort %t [k desc nulls first]\nreturn %o [s] labels [s]\n}", "[s]\n\"b\"\n\"d\"\n\"c\"\n\"a\"\n"},
		{"topk", "flow @f() -> bag<{s: string}> {\n" + scan + "%o = topk %t [k desc] count 2 offset 1\nreturn %o [s] labels [s]\n}", "[s]\n\"a\"\n\"b\"\n"},
		{"group", "flow @f() -> bag<{k: i32?, n: i64, m: string}> {\n" + scan + `%g = aggregate %t [k] aggregates [n = count(*), m = max(0)] (%r) {
		  %s = field %r "s"
		  yield %s
		}
		return %g [k, n, m] labels [k, n, n]
		}`, "[k n n]\n1 | 1 | \"a\"\nnull | 2 | \"d\"\n2 | 1 | \"c\"\n"},
		{"no rows", "flow @f() -> bag<{n: i64, m: i64?}> {\n" + scan + `%z = limit %t 0 offset 0
		%g = aggregate %z [] aggregates [n = count(*), m = sum(distinct 0) filter 1] (%r) {
		  %k = field %r "k"
		  %c = is_null %k
		  yield %k, %c
		}
		return %g [n, m] labels [n, m]
		}`, "[n m]\n0 | null\n"},
		{"a trap behind a false is not there", "flow @f() -> bag<{s: string}> {\n" + scan + `%z = filter %t (%r) {
		  %k = field %r "k"
		  %zero = sub %k, %k
		  %q = div %k, %zero
		  %b = eq %q, %k
		  %f = ne %zero, %zero
		  %c = and %f, %b
		  yield %c
		}
		return %z [s] labels [s]
		}`, "[s]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := Run(context.Background(), parse(t, head+test.text), "f", tables, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := result.String(); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}
