-- Queries that both engines must answer alike, over TPC-H at scale factor 0.01. A query
-- with "ordered" after it is compared row by row, all others as multisets.
--
-- Heddle follows PostgreSQL where DuckDB does not: the quotient of two integers is an
-- integer, and NULL is larger than all values, so that it comes first in descending order.
-- Such things are not asked here.

SELECT count(*), count(s_comment), min(s_acctbal), max(s_acctbal), sum(s_acctbal), avg(s_acctbal) FROM supplier;
SELECT n_regionkey, count(*) AS n FROM nation GROUP BY n_regionkey HAVING count(*) >= 5 ORDER BY n_regionkey; -- ordered
SELECT DISTINCT l_shipmode, l_returnflag FROM lineitem;
SELECT count(DISTINCT l_suppkey), count(DISTINCT l_shipmode), sum(DISTINCT l_quantity) FROM lineitem;
SELECT l_returnflag, count(DISTINCT l_partkey), count(*), sum(DISTINCT l_linenumber) FROM lineitem GROUP BY l_returnflag;
SELECT o_orderpriority, min(o_clerk), max(o_clerk), min(o_orderdate), max(o_orderdate) FROM orders GROUP BY o_orderpriority;
SELECT c_custkey, o_orderkey FROM customer LEFT JOIN orders ON c_custkey = o_custkey AND o_totalprice > 300000 WHERE c_custkey < 200;
SELECT c_custkey, count(o_orderkey) FROM customer LEFT JOIN orders ON c_custkey = o_custkey GROUP BY c_custkey;
SELECT c_custkey FROM customer LEFT JOIN orders ON c_custkey = o_custkey WHERE o_orderkey IS NULL;
SELECT n_name, r_name FROM nation CROSS JOIN region;
SELECT a.n_name, b.n_name FROM nation a JOIN nation b ON a.n_regionkey = b.n_regionkey AND a.n_nationkey < b.n_nationkey;
SELECT a.n_name, b.n_name FROM nation a JOIN nation b ON a.n_name < b.n_name AND a.n_regionkey <> b.n_regionkey;
SELECT a.n_name, b.n_name FROM nation a LEFT JOIN nation b ON a.n_nationkey + 20 < b.n_nationkey;
SELECT p_type, CASE WHEN p_size < 10 THEN 'small' WHEN p_size < 30 THEN 'medium' ELSE 'large' END AS size, count(*) FROM part GROUP BY 1, 2;
SELECT CASE p_size WHEN 1 THEN 'one' WHEN 2 THEN 'two' END AS size, count(*) FROM part GROUP BY 1;
SELECT count(*) FROM part WHERE p_name LIKE '%green%';
SELECT count(*) FROM part WHERE p_name LIKE 'a%b%' OR p_name LIKE '_l%e';
SELECT count(*) FROM part WHERE p_type NOT LIKE 'PROMO%' AND p_type LIKE '%BRASS';
SELECT p_brand, count(*) FROM part WHERE p_brand IN ('Brand#11', 'Brand#12', 'Brand#53') AND p_size NOT IN (1, 2, 3) GROUP BY p_brand;
SELECT count(*) FROM lineitem WHERE l_quantity BETWEEN 10 AND 20 AND l_discount NOT BETWEEN 0.02 AND 0.05;
SELECT EXTRACT(YEAR FROM o_orderdate) AS y, EXTRACT(MONTH FROM o_orderdate) AS m, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1, 2; -- ordered
SELECT EXTRACT(DAY FROM o_orderdate) AS d, sum(o_totalprice) FROM orders GROUP BY 1 ORDER BY 1; -- ordered
SELECT SUBSTRING(c_phone FROM 1 FOR 2) AS code, count(*), sum(c_acctbal) FROM customer GROUP BY 1;
SELECT SUBSTRING(c_name, 3), SUBSTRING(c_address FROM 2 FOR 3) FROM customer WHERE c_custkey <= 50;
SELECT o_orderdate + INTERVAL '3' MONTH, o_orderdate - INTERVAL '1' YEAR, o_orderdate + INTERVAL '10' DAY FROM orders WHERE o_orderkey < 300;
SELECT count(*) FROM lineitem WHERE l_receiptdate - l_shipdate > 20;
SELECT l_receiptdate - l_shipdate AS days, count(*) FROM lineitem GROUP BY 1;
SELECT count(*) FROM lineitem WHERE l_shipdate < DATE '1995-03-15' AND l_commitdate >= l_receiptdate;
SELECT sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), avg(l_extendedprice * l_discount) FROM lineitem;
SELECT l_extendedprice * 2, l_extendedprice + 1, l_quantity - 0.5, -l_tax, l_quantity / 7, l_linenumber % 3 FROM lineitem WHERE l_orderkey < 100;
SELECT sum(l_quantity) / count(*), sum(l_extendedprice) / sum(l_quantity) FROM lineitem GROUP BY l_linenumber;
SELECT o_orderkey, o_totalprice FROM orders ORDER BY o_totalprice DESC, o_orderkey LIMIT 17; -- ordered
SELECT o_orderkey, o_totalprice FROM orders ORDER BY o_totalprice, o_orderkey LIMIT 10 OFFSET 95; -- ordered
SELECT c_name FROM customer ORDER BY c_name DESC LIMIT 5; -- ordered
SELECT c_nationkey, c_acctbal, c_custkey FROM customer ORDER BY 1, 2 DESC, 3; -- ordered
SELECT o_clerk, count(*) AS n FROM orders GROUP BY o_clerk ORDER BY n DESC, o_clerk LIMIT 20; -- ordered
SELECT n_name FROM nation UNION ALL SELECT r_name FROM region;
SELECT kind, count(*) FROM (SELECT 'c' AS kind, c_acctbal AS b FROM customer UNION ALL SELECT 's', s_acctbal FROM supplier) AS t WHERE b < 0 GROUP BY kind;
SELECT x, y FROM (VALUES (1, 'a'), (2, 'b'), (3, NULL)) AS t(x, y) WHERE x >= 2;
SELECT t.x, n_name FROM (VALUES (1), (3), (77)) AS t(x) LEFT JOIN nation ON n_nationkey = t.x;
SELECT x IS NULL, y IS NOT NULL, coalesce(x, 0), x + 1, y LIKE 'a%' FROM (VALUES (1, 'a'), (NULL, 'b'), (3, NULL)) AS t(x, y);
SELECT count(x), count(*), sum(x), avg(x), min(x), max(x) FROM (VALUES (1), (NULL), (3)) AS t(x);
SELECT count(x), count(*), sum(x), avg(x), min(x), max(x) FROM (VALUES (1), (NULL), (3)) AS t(x) WHERE x > 5;
SELECT x, count(*) FROM (VALUES (1), (NULL), (3), (NULL)) AS t(x) GROUP BY x;
SELECT x FROM (VALUES (1), (NULL), (3)) AS t(x) ORDER BY x; -- ordered
SELECT x FROM (VALUES (1), (NULL), (3)) AS t(x) ORDER BY x DESC NULLS LAST; -- ordered
SELECT x FROM (VALUES (1), (NULL), (3)) AS t(x) ORDER BY x NULLS FIRST; -- ordered
SELECT x FROM (VALUES (1), (NULL), (3)) AS t(x) WHERE x NOT IN (3, NULL);
SELECT x FROM (VALUES (1), (NULL), (3)) AS t(x) WHERE x IN (3, NULL);
SELECT x, CASE WHEN x > 1 THEN 'more' WHEN NOT x > 1 THEN 'less' ELSE 'unknown' END FROM (VALUES (1), (NULL), (3)) AS t(x);
SELECT avg(o_totalprice), o_orderstatus FROM orders WHERE o_orderdate BETWEEN DATE '1994-01-01' AND DATE '1994-12-31' GROUP BY o_orderstatus;
SELECT o_orderstatus, l_linestatus, count(*) FROM orders JOIN lineitem ON o_orderkey = l_orderkey GROUP BY 1, 2;
SELECT ps_partkey, sum(ps_supplycost * ps_availqty) AS v FROM partsupp JOIN supplier ON ps_suppkey = s_suppkey JOIN nation ON s_nationkey = n_nationkey WHERE n_name = 'GERMANY' GROUP BY ps_partkey HAVING sum(ps_supplycost * ps_availqty) > 100000;
SELECT s_name, p_name FROM supplier, partsupp, part WHERE s_suppkey = ps_suppkey AND ps_partkey = p_partkey AND p_size = 15 AND p_type LIKE '%STEEL';
SELECT max(n), min(n), sum(n) FROM (SELECT l_orderkey, count(*) AS n FROM lineitem GROUP BY l_orderkey) AS t;
SELECT n, count(*) FROM (SELECT c_custkey, count(o_orderkey) AS n FROM customer LEFT OUTER JOIN orders ON c_custkey = o_custkey AND o_comment NOT LIKE '%special%requests%' GROUP BY c_custkey) AS t GROUP BY n;
SELECT 1, 'text', 2.50, DATE '2020-02-29' + INTERVAL '1' YEAR, 7.0 / 2, 7 % 3, -7 % 3, 10 - 3 * 2;
SELECT CAST(l_quantity AS INTEGER), CAST(l_extendedprice AS DOUBLE), CAST(l_discount AS DECIMAL(10, 1)), CAST(l_orderkey AS VARCHAR) FROM lineitem WHERE l_orderkey <= 64;
SELECT sum(CAST(l_extendedprice AS DOUBLE) * CAST(l_discount AS DOUBLE)) FROM lineitem;
SELECT l_shipmode FROM lineitem WHERE l_shipmode > 'R' GROUP BY l_shipmode;
SELECT r_name, n_name, count(*) FROM region JOIN nation ON r_regionkey = n_regionkey LEFT JOIN supplier ON s_nationkey = n_nationkey AND s_acctbal > 5000 GROUP BY r_name, n_name;
SELECT c_custkey, o_orderkey, l_linenumber FROM customer LEFT JOIN orders ON c_custkey = o_custkey LEFT JOIN lineitem ON l_orderkey = o_orderkey AND l_quantity > 45 WHERE c_custkey <= 30;
SELECT o_orderkey FROM orders WHERE o_orderkey < 1000 AND (o_orderstatus = 'F' OR o_totalprice > 200000) AND NOT (o_orderpriority = '5-LOW' OR o_shippriority <> 0);
SELECT count(*) FROM lineitem WHERE l_orderkey < 0;
SELECT l_returnflag, sum(l_quantity) FROM lineitem WHERE l_orderkey < 0 GROUP BY l_returnflag;
SELECT sum(l_quantity), count(*) FROM lineitem WHERE l_orderkey < 0;
SELECT upper(n_name), lower(n_name), length(n_comment), n_name || '-' || n_regionkey FROM nation;
SELECT abs(s_acctbal) FROM supplier;
SELECT o_orderkey FROM orders LIMIT 0;
SELECT o_custkey, o_orderdate, count(*), sum(o_totalprice) FROM orders GROUP BY o_custkey, o_orderdate;
SELECT l_comment, count(*) FROM lineitem GROUP BY l_comment HAVING count(*) > 3;
SELECT ps_partkey, ps_suppkey, l_orderkey FROM partsupp JOIN lineitem ON ps_partkey = l_partkey AND ps_suppkey = l_suppkey AND ps_availqty < l_quantity * 10;
SELECT count(*) FROM orders JOIN lineitem ON o_orderdate = l_shipdate;
SELECT count(*) FROM supplier JOIN customer ON s_acctbal = c_acctbal;
SELECT count(*) FROM part a JOIN part b ON a.p_brand = b.p_brand AND a.p_container = b.p_container AND a.p_partkey < b.p_partkey;
SELECT count(*) FROM customer JOIN nation ON c_nationkey = n_nationkey AND (n_name = 'FRANCE' OR c_acctbal > 9000);
SELECT c_mktsegment, l_shipmode, count(*), sum(l_extendedprice) FROM customer JOIN orders ON c_custkey = o_custkey JOIN lineitem ON o_orderkey = l_orderkey GROUP BY c_mktsegment, l_shipmode ORDER BY c_mktsegment DESC, l_shipmode; -- ordered
SELECT count(*) FROM orders WHERE o_totalprice > 1000000 HAVING count(*) = 0;
SELECT sum(l_extendedprice * l_extendedprice * l_quantity) FROM lineitem;
SELECT sum(l_orderkey * 1000000000), max(l_orderkey * l_partkey) FROM lineitem;
SELECT p_size, count(*) FROM part WHERE p_retailprice * p_size > 20000.5 GROUP BY p_size ORDER BY count(*) DESC, p_size; -- ordered
SELECT l_orderkey, l_linenumber FROM lineitem WHERE l_comment LIKE '%!%%' ESCAPE '!' OR l_comment LIKE 'a%';
SELECT o_orderkey, l_orderkey FROM (SELECT o_orderkey FROM orders WHERE o_orderkey < 50) AS o LEFT JOIN (SELECT l_orderkey FROM lineitem WHERE l_quantity > 49) AS l ON o_orderkey = l_orderkey;
SELECT n, x FROM (SELECT n_name AS n, n_regionkey AS x FROM nation WHERE n_nationkey < 5 UNION ALL SELECT r_name, NULL FROM region UNION ALL VALUES ('z', 9)) AS t;
SELECT a, count(*) FROM (SELECT 1 AS a UNION ALL SELECT 2.5 UNION ALL SELECT 1) AS t GROUP BY a;
SELECT l_suppkey % 10 AS bucket, min(l_shipdate), max(l_comment) FROM lineitem GROUP BY l_suppkey % 10;
SELECT DISTINCT o_orderdate FROM orders ORDER BY o_orderdate DESC LIMIT 30; -- ordered
SELECT c_custkey, n_name FROM customer LEFT JOIN nation ON c_nationkey = n_nationkey AND n_regionkey = 1 WHERE n_name IS NULL OR n_name <> 'PERU' ORDER BY c_custkey LIMIT 50; -- ordered
SELECT s_suppkey FROM supplier WHERE s_comment LIKE '%Customer%Complaints%' OR s_address LIKE '%,%' OR s_phone LIKE '1_-___-%';
SELECT avg(CASE WHEN l_returnflag = 'R' THEN l_quantity END), sum(CASE WHEN l_linestatus = 'F' THEN 1 ELSE 0 END), count(CASE WHEN l_tax > 0.05 THEN 1 END) FROM lineitem;
SELECT EXTRACT(YEAR FROM l_shipdate), EXTRACT(YEAR FROM l_receiptdate), count(*) FROM lineitem WHERE l_shipmode IN ('AIR', 'SHIP') GROUP BY 1, 2;
SELECT * FROM region JOIN nation ON r_regionkey = n_regionkey WHERE r_name <> 'AFRICA';
SELECT t.*, r_regionkey + 1 FROM (SELECT r_regionkey, r_name FROM region) AS t;
SELECT sum(a.l_quantity) FROM lineitem a JOIN lineitem b ON a.l_orderkey = b.l_orderkey AND a.l_linenumber = b.l_linenumber;
SELECT o_orderstatus, o_orderpriority, sum(o_totalprice) AS s FROM orders GROUP BY o_orderstatus, o_orderpriority ORDER BY s DESC LIMIT 3 OFFSET 1; -- ordered
SELECT count(*), min(o_orderkey), max(l_extendedprice) FROM orders CROSS JOIN lineitem WHERE o_orderkey = l_orderkey AND l_extendedprice > 0.9 * o_totalprice;
SELECT l_orderkey, sum(l_quantity) FROM lineitem GROUP BY l_orderkey HAVING sum(l_quantity) > 250;
SELECT 0.1 + 0.2, 1e3 * 2, 10 * 0.001, 1.50 = 1.5, 'a' < 'B', 'a' = 'a ', NULL = NULL, NOT TRUE, TRUE AND NULL, FALSE AND NULL;
SELECT DATE '2024-01-31' + INTERVAL '1' MONTH, DATE '2024-03-31' - INTERVAL '1' MONTH, DATE '2024-02-29' - DATE '2023-02-28', DATE '1900-01-01' < DATE '1899-12-31';
