// Package shapes has queries over the tables of TPC-H whose kernels differ from those of
// the benchmark's own queries: each brings something that none of them has. It takes
// nothing and gives SQL text, for tests and measurements of code for GPUs.
package shapes

// Query is a query with a name for people and files.
type Query struct{ Name, SQL string }

// Queries are all of them. At least one pipeline of each can run on a GPU, and their
// results do not depend on the order of rows.
var Queries = []Query{
	{"count", "SELECT count(*) AS n FROM lineitem WHERE l_quantity > 30"},
	{"bounds", "SELECT min(l_shipdate) AS a, max(l_shipdate) AS b, min(l_extendedprice) AS c, avg(l_tax) AS d FROM lineitem"},
	{"wide-sum", "SELECT sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS total FROM lineitem"},
	{"doubles", "SELECT sum(CAST(l_quantity AS DOUBLE) * 1.5e0) AS total, max(CAST(l_tax AS DOUBLE)) AS most FROM lineitem"},
	{"many-groups", "SELECT l_partkey, sum(l_quantity) AS q, count(*) AS n FROM lineitem GROUP BY l_partkey"},
	{"wide-key", "SELECT l_orderkey, l_suppkey, l_shipdate, sum(l_extendedprice) AS p FROM lineitem GROUP BY 1, 2, 3"},
	{"group-by-text", "SELECT c_phone, count(*) AS n FROM customer GROUP BY c_phone"},
	{"group-by-codes", "SELECT l_shipmode, l_shipinstruct, count(*) AS n FROM lineitem GROUP BY 1, 2"},
	{"rows", "SELECT l_orderkey, l_extendedprice, l_comment FROM lineitem WHERE l_extendedprice > 90000"},
	{"like", "SELECT count(*) AS n FROM orders WHERE o_comment LIKE '%special%requests%'"},
	{"text-compared", "SELECT count(*) AS n FROM customer WHERE c_name >= 'Customer#000000500' AND c_address <> c_comment"},
	{"substring", "SELECT count(*) AS n FROM customer WHERE substring(c_phone FROM 1 FOR 2) IN ('13', '31', '23')"},
	{"parts-of-dates", "SELECT extract(year FROM o_orderdate) AS y, extract(month FROM o_orderdate) AS m, count(*) AS n FROM orders GROUP BY 1, 2"},
	{"case", "SELECT sum(CASE WHEN l_discount > 0.05 THEN l_extendedprice ELSE -l_tax END) AS s FROM lineitem"},
	{"division", "SELECT sum(l_extendedprice / l_quantity) AS s, sum(l_orderkey % 7) AS r FROM lineitem"},
	{"left-join", "SELECT c_custkey, o_orderkey FROM customer LEFT JOIN orders ON c_custkey = o_custkey AND o_totalprice > 400000"},
	{"right-join", "SELECT o_orderkey, c_name FROM orders RIGHT JOIN customer ON c_custkey = o_custkey AND o_totalprice > 400000"},
	{"join-on-text", "SELECT count(*) AS n FROM customer a JOIN customer b ON a.c_phone = b.c_phone"},
	{"join-of-two-keys", "SELECT sum(ps_availqty) AS q FROM lineitem JOIN partsupp ON l_partkey = ps_partkey AND l_suppkey = ps_suppkey"},
	{"union", "SELECT n_name FROM nation UNION ALL SELECT r_name FROM region"},
	{"distinct", "SELECT DISTINCT o_custkey FROM orders"},
}
