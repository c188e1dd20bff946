package tpch

import "fmt"

// A Kind is the type of a column.
type Kind uint8

const (
	Integer Kind = iota // 32 bit signed
	BigInt              // 64 bit signed
	Decimal             // DECIMAL(15,2), as hundredths in 64 bits
	Date                // days since 1970-01-01, 32 bits
	Varchar             // text of at most Width bytes
	Char                // text of Width bytes by its definition; not padded
)

// A ColumnDef describes a column.
type ColumnDef struct {
	Name    string
	Kind    Kind
	Width   int // for Varchar and Char, the most bytes
	NotNull bool
}

// SQLType gives the type as SQL writes it, such as DECIMAL(15,2).
func (c ColumnDef) SQLType() string {
	switch c.Kind {
	case Integer:
		return "INTEGER"
	case BigInt:
		return "BIGINT"
	case Decimal:
		return "DECIMAL(15,2)"
	case Date:
		return "DATE"
	case Varchar:
		return fmt.Sprintf("VARCHAR(%d)", c.Width)
	case Char:
		return fmt.Sprintf("CHAR(%d)", c.Width)
	default:
		panic(fmt.Sprintf("BUG: unknown column kind %d", c.Kind))
	}
}

// A Table describes a table: its columns in the official order and its key.
type Table struct {
	Name       string
	Columns    []ColumnDef
	PrimaryKey []string

	// drivers is the number of driver rows at scale factor 1. A driver row is
	// what one step of the streams makes: an order with its lines, a part with
	// its suppliers, otherwise a row.
	drivers int64
	fixed   bool // the table does not grow with the scale factor
	open    func(*scale) source
}

// Tables are the eight tables, the small ones first.
var Tables = []*Table{
	{
		Name:       "region",
		PrimaryKey: []string{"r_regionkey"},
		Columns: []ColumnDef{
			integer("r_regionkey"), char("r_name", 25), varchar("r_comment", 152),
		},
		drivers: 5, fixed: true, open: openRegion,
	},
	{
		Name:       "nation",
		PrimaryKey: []string{"n_nationkey"},
		Columns: []ColumnDef{
			integer("n_nationkey"), char("n_name", 25), integer("n_regionkey"), varchar("n_comment", 152),
		},
		drivers: 25, fixed: true, open: openNation,
	},
	{
		Name:       "supplier",
		PrimaryKey: []string{"s_suppkey"},
		Columns: []ColumnDef{
			bigint("s_suppkey"), char("s_name", 25), varchar("s_address", 40), integer("s_nationkey"),
			char("s_phone", 15), decimal("s_acctbal"), varchar("s_comment", 101),
		},
		drivers: suppliersPerScale, open: openSupplier,
	},
	{
		Name:       "customer",
		PrimaryKey: []string{"c_custkey"},
		Columns: []ColumnDef{
			bigint("c_custkey"), varchar("c_name", 25), varchar("c_address", 40), integer("c_nationkey"),
			char("c_phone", 15), decimal("c_acctbal"), char("c_mktsegment", 10), varchar("c_comment", 117),
		},
		drivers: customersPerScale, open: openCustomer,
	},
	{
		Name:       "part",
		PrimaryKey: []string{"p_partkey"},
		Columns: []ColumnDef{
			bigint("p_partkey"), varchar("p_name", 55), char("p_mfgr", 25), char("p_brand", 10),
			varchar("p_type", 25), integer("p_size"), char("p_container", 10), decimal("p_retailprice"),
			varchar("p_comment", 23),
		},
		drivers: partsPerScale, open: openPart,
	},
	{
		Name:       "partsupp",
		PrimaryKey: []string{"ps_partkey", "ps_suppkey"},
		Columns: []ColumnDef{
			bigint("ps_partkey"), bigint("ps_suppkey"), bigint("ps_availqty"), decimal("ps_supplycost"),
			varchar("ps_comment", 199),
		},
		drivers: partsPerScale, open: openPartSupplier,
	},
	{
		Name:       "orders",
		PrimaryKey: []string{"o_orderkey"},
		Columns: []ColumnDef{
			bigint("o_orderkey"), bigint("o_custkey"), char("o_orderstatus", 1), decimal("o_totalprice"),
			date("o_orderdate"), char("o_orderpriority", 15), char("o_clerk", 15), integer("o_shippriority"),
			varchar("o_comment", 79),
		},
		drivers: ordersPerScale, open: openOrders,
	},
	{
		Name:       "lineitem",
		PrimaryKey: []string{"l_orderkey", "l_linenumber"},
		Columns: []ColumnDef{
			bigint("l_orderkey"), bigint("l_partkey"), bigint("l_suppkey"), bigint("l_linenumber"),
			decimal("l_quantity"), decimal("l_extendedprice"), decimal("l_discount"), decimal("l_tax"),
			char("l_returnflag", 1), char("l_linestatus", 1), date("l_shipdate"), date("l_commitdate"),
			date("l_receiptdate"), char("l_shipinstruct", 25), char("l_shipmode", 10), varchar("l_comment", 44),
		},
		drivers: ordersPerScale, open: openLineItem,
	},
}

// perDriver gives the most rows that a driver row makes.
func (t *Table) perDriver() int64 {
	switch t.Name {
	case "partsupp":
		return suppliersPerPart
	case "lineitem":
		return maxLines
	default:
		return 1
	}
}

// Lookup finds a table by name, as written in Tables.
func Lookup(name string) (*Table, bool) {
	for _, table := range Tables {
		if table.Name == name {
			return table, true
		}
	}
	return nil, false
}

// mustLookup finds a table that must be there.
func mustLookup(name string) *Table {
	table, ok := Lookup(name)
	if !ok {
		panic("BUG: no table named " + name)
	}
	return table
}

// No column of the benchmark may hold NULL.

func integer(name string) ColumnDef { return ColumnDef{Name: name, Kind: Integer, NotNull: true} }
func bigint(name string) ColumnDef  { return ColumnDef{Name: name, Kind: BigInt, NotNull: true} }
func decimal(name string) ColumnDef { return ColumnDef{Name: name, Kind: Decimal, NotNull: true} }
func date(name string) ColumnDef    { return ColumnDef{Name: name, Kind: Date, NotNull: true} }

func varchar(name string, width int) ColumnDef {
	return ColumnDef{Name: name, Kind: Varchar, Width: width, NotNull: true}
}

func char(name string, width int) ColumnDef {
	return ColumnDef{Name: name, Kind: Char, Width: width, NotNull: true}
}
