package ir

import "strings"

var attributeKindNames = [...]string{
	AttrInt: "int", AttrBool: "bool", AttrString: "string", AttrSymbol: "symbol", AttrType: "type",
	AttrDatum: "literal", AttrData: "literals", AttrRows: "rows", AttrNames: "names", AttrScanColumns: "scan columns",
	AttrFields: "fields", AttrSortKeys: "sort keys", AttrAggregates: "aggregates", AttrJoinKind: "join kind", AttrLayouts: "layouts",
}

func (k AttributeKind) String() string { return attributeKindNames[k] }

var traitNames = []struct {
	trait Traits
	name  string
}{
	{Pure, "pure"},
	{Commutative, "commutative"},
	{MayTrap, "may trap"},
	{Terminator, "terminator"},
	{Monotone, "monotone"},
	{Partitionable, "partitionable"},
	{NullStrict, "null-strict"},
	{OnDevice, "on-device"},
}

// String lists the traits, with commas between.
func (t Traits) String() string {
	var names []string
	for _, trait := range traitNames {
		if t&trait.trait != 0 {
			names = append(names, trait.name)
		}
	}
	return strings.Join(names, ", ")
}
