package diag

import "unicode"

// longestName bounds the work of Suggest: nobody mistypes a name this long, and
// the distance is quadratic.
const longestName = 128

// Suggest finds the candidate that a person most likely meant by name. Letter
// case is ignored, two swapped neighbours count as one mistake, and one mistake
// is allowed per three letters (one in a name of two). Among equally near
// candidates the one first in byte order wins, so the answer does not depend on
// the order of candidates. A candidate equal to name is no suggestion.
func Suggest(name string, candidates []string) (string, bool) {
	if len(name) > 4*longestName {
		return "", false
	}
	want := fold(name)
	if len(want) == 0 || len(want) > longestName {
		return "", false
	}
	bound := max(len(want)/3, 1)
	if len(want) == 1 {
		bound = 0
	}
	best, bestDistance := "", bound+1
	for _, candidate := range candidates {
		if candidate == name || len(candidate) > 4*longestName {
			continue
		}
		have := fold(candidate)
		if len(have) == 0 || len(have) > len(want)+bound || len(want) > len(have)+bound {
			continue
		}
		distance := editDistance(want, have)
		if distance < bestDistance || distance == bestDistance && distance <= bound && candidate < best {
			best, bestDistance = candidate, distance
		}
	}
	return best, bestDistance <= bound
}

func fold(s string) []rune {
	folded := []rune(s)
	for i, r := range folded {
		folded[i] = unicode.ToLower(r)
	}
	return folded
}

// editDistance is the optimal string alignment distance: Damerau-Levenshtein
// where no substring is edited twice (Boytsov, "Indexing methods for approximate
// dictionary searching", JEA 2011, section 2.2). Three rows are enough.
func editDistance(a, b []rune) int {
	before := make([]int, len(b)+1)
	previous := make([]int, len(b)+1)
	current := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			distance := min(previous[j]+1, current[j-1]+1, previous[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				distance = min(distance, before[j-2]+1)
			}
			current[j] = distance
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}
