package library_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/ir/abi"
)

// referenceLike translates a pattern to a regular expression. ok is false when the
// pattern ends in its escape.
func referenceLike(text, pattern, escape string, insensitive bool) (match, ok bool) {
	fold := func(s string) string {
		if !insensitive {
			return s
		}
		b := []byte(s)
		for i, c := range b {
			if c >= 'A' && c <= 'Z' {
				b[i] = c | 0x20
			}
		}
		return string(b)
	}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch c := string(runes[i]); c {
		case escape:
			if i++; i == len(runes) {
				return false, false
			}
			b.WriteString(regexp.QuoteMeta(fold(string(runes[i]))))
		case "%":
			b.WriteString(".*")
		case "_":
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(fold(c)))
		}
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String()).MatchString(fold(text)), true
}

func checkLike(t *testing.T, r rapid.TB, m *machine, text, pattern, escape string, insensitive bool) {
	t.Helper()
	m.reset()
	want, ok := referenceLike(text, pattern, escape, insensitive)
	codepoint := int32(-1)
	for _, c := range escape {
		codepoint = c
	}
	got := m.outcome(t, "like_dynamic", text, pattern, codepoint, insensitive, site)
	if !ok {
		if got != fails {
			r.Errorf("%q LIKE %q ESCAPE %q: %v, want a failure", text, pattern, escape, got)
		}
	} else if n, _ := got.(int32); (n != 0) != want {
		r.Errorf("dynamic: %q LIKE %q ESCAPE %q (insensitive %v) = %v, want %v", text, pattern, escape, insensitive, got, want)
	}
	const at = dataAt
	compiled, err := abi.CompilePattern(pattern, escape, insensitive, at)
	if !ok {
		if !errors.Is(err, abi.ErrPatternEnd) {
			r.Errorf("compiling %q: %v, want %v", pattern, err, abi.ErrPatternEnd)
		}
		return
	}
	if err != nil {
		r.Fatalf("compiling %q: %v", pattern, err)
	}
	copy(m.memory[at:], compiled)
	for _, function := range []string{"like", "like_short"} {
		if got := must[int32](t, m, function, text, uint32(at)); (got != 0) != want {
			r.Errorf("%s: %q LIKE %q ESCAPE %q (insensitive %v) = %v, want %v", function, text, pattern, escape, insensitive, got, want)
		}
	}
}

func TestLike(t *testing.T) {
	long := strings.Repeat("the quick brown fox jumps over the lazy dog; ", 4)
	forEach(t, func(t *testing.T, m *machine) {
		for _, test := range []struct{ text, pattern string }{
			{"", ""},
			{"", "%"},
			{"", "_"},
			{"a", ""},
			{"a", "%"},
			{"a", "_"},
			{"é", "_"},
			{"é", "__"},
			{"éa", "__"},
			{"abc", "abc"},
			{"abc", "ab"},
			{"abc", "abcd"},
			{"abc", "a%c"},
			{"abc", "a%b"},
			{"aba", "ab%ba"},
			{"abba", "ab%ba"},
			{"PROMO BURNISHED", "PROMO%"},
			{"LARGE BRASS", "%BRASS"},
			{"forest green", "%green%"},
			{"special packages requests", "%special%requests%"},
			{"requests special", "%special%requests%"},
			{long, "%lazy%"},
			{long, "%lazy dog; the%fox%"},
			{long, "%dog; "},
			{long, "%cat%"},
			{long, "%; t_e%"},
			{long, "the q_ick%l_zy dog; "},
			{"été", "_t_"},
			{"été", "%_t_%"},
			{"ébb", "%___b%"},
			{"a%b", `a\%b`},
			{"axb", `a\%b`},
			{`a\`, `a\\`},
			{`a`, `a\`},
			{"%", `\%`},
			{"_", `\_`},
			{"aaaaaaaaaaaaaaaaaaaaaaaab", "%aaaaaaaaab"},
			{"ab", "%b%"},
			{"ab", "%ab%"},
			{"xxab", "%b"},
			{"a\nb", "a_b"},
			{"世界", "世%"},
			{"世界", "%界"},
			{"世界", "%_界%"},
			{"ABC", "abc"},
			{"ABC", "%b%"},
			{"É", "é"},
			{"[`{@", "[%@"},
		} {
			for _, insensitive := range []bool{false, true} {
				checkLike(t, t, m, test.text, test.pattern, `\`, insensitive)
				checkLike(t, t, m, test.text, test.pattern, "", insensitive)
				checkLike(t, t, m, test.text, test.pattern, "%", insensitive)
				checkLike(t, t, m, test.text, test.pattern, "é", insensitive)
			}
		}
		randomly(t, func(r *rapid.T) {
			letters := rapid.RuneFrom([]rune("abAé世"))
			text := rapid.StringOfN(letters, -1, 60, -1).Draw(r, "text")
			pattern := rapid.OneOf(
				rapid.StringOfN(rapid.RuneFrom([]rune(`abAé%_\`)), -1, 12, -1),
				// What occurs in the text, with something removed.
				rapid.Custom(func(r *rapid.T) string {
					runes := []rune(text)
					i := rapid.IntRange(0, len(runes)).Draw(r, "from")
					j := rapid.IntRange(i, len(runes)).Draw(r, "to")
					middle := string(runes[i:j])
					return rapid.SampledFrom([]string{"%", "%_", "%a%", "_%"}).Draw(r, "before") + middle + rapid.SampledFrom([]string{"%", "_%", "", "%b"}).Draw(r, "after")
				}),
			).Draw(r, "pattern")
			checkLike(t, r, m, text, pattern, rapid.SampledFrom([]string{`\`, "", "a", "世"}).Draw(r, "escape"), rapid.Bool().Draw(r, "insensitive"))
		})
	})
}
