package tpch

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// distributionText holds the value lists; the file describes its own format.
//
//go:embed distributions.txt
var distributionText string

// A distribution is an ordered list of values with a number each: a weight, or
// for nations the key of the region.
type distribution struct {
	values  []string
	numbers []int
}

// distributions is the parsed file. Being embedded, a fault in it is a fault
// of the program, so the parser panics.
var distributions = sync.OnceValue(func() map[string]distribution {
	lists := map[string]distribution{}
	name := ""
	for line := range strings.Lines(distributionText) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if opened, isHeading := strings.CutSuffix(line, ":"); isHeading {
			name = opened
			continue
		}
		number, values, found := strings.Cut(line, " ")
		parsed, err := strconv.Atoi(number)
		if !found || err != nil || name == "" {
			panic("BUG: malformed line in distributions.txt: " + line)
		}
		list := lists[name]
		for value := range strings.SplitSeq(values, "|") {
			list.values = append(list.values, value)
			list.numbers = append(list.numbers, parsed)
		}
		lists[name] = list
	}
	return lists
})

// lookupDistribution gives the list of that name.
func lookupDistribution(name string) distribution {
	list, ok := distributions()[name]
	if !ok {
		panic("BUG: no list named " + name + " in distributions.txt")
	}
	return list
}

// values gives the values of the list of that name.
func values(name string) []string { return lookupDistribution(name).values }

// product joins every value of the first list with every value of the second
// and so on, by blanks, the first varying slowest.
func product(lists ...[]string) []string {
	joined := lists[0]
	for _, list := range lists[1:] {
		var longer []string
		for _, head := range joined {
			for _, tail := range list {
				longer = append(longer, head+" "+tail)
			}
		}
		joined = longer
	}
	return joined
}
