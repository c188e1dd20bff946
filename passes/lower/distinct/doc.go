// Package distinct rewrites aggregates over distinct values: it takes a module with a
// flow function and gives one whose aggregates are all plain.
//
// The aggregates are split by what must be distinct: one part for the plain ones, one
// for each distinct argument. The part of an argument first groups by the keys and the
// argument, which leaves each value once, and then by the keys. Parts are joined on
// the keys, where NULL equals NULL:
//
//	aggregate t [k] [a = count(distinct x), b = sum(y)]
//
// becomes
//
//	join (aggregate (aggregate t [k, x] []) [k] [a = count(x)])
//	     (aggregate t [k] [b = sum(y)])  on k
//
// Each part sees every row, so all parts have the same groups. A filter of a distinct
// aggregate makes its argument NULL where the row is left out. Distinctness changes
// nothing for min, max and any, which lose it.
package distinct
