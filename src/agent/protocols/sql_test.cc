#include "agent/protocols/sql.h"

#include <gtest/gtest.h>

#include <string>

namespace kolben::agent {
namespace {

// The cases marked so say what the semantic conventions' own cases say
// (docs/non-normative/database-test-cases).

TEST(SanitizedSql, OfSqliteWhatMayBeATextIsOne) {
  const auto f = [](std::string_view text, std::string_view want) {
    EXPECT_EQ(sanitized_sql(text, SqlDialect::kSqlite), want);
  };
  f("SELECT name FROM users WHERE name = \"secret\"", "SELECT name FROM users WHERE name = ?");
  f("SELECT \"u\".\"name\" FROM \"users\" AS \"u\"",
    "SELECT \"u\".\"name\" FROM \"users\" AS \"u\"");
  f("INSERT INTO \"t\" VALUES (?, ?2, :name, @a, $b)",
    "INSERT INTO \"t\" VALUES (?, ?2, :name, @a, $b)");
  f("SELECT x'00ff', 'it''s', 'a\\', 1.5e3, `a b`, [c d]", "SELECT ?, ?, ?, ?, `a b`, [c d]");
  f("SELECT 1 /* a /* b */ -- c\n+ 2", "SELECT ?  \n+ ?");
  f("SELECT \"never ends", "SELECT ?");
  EXPECT_EQ(sql_summary("select * from \"users\" join b", SqlDialect::kSqlite),
            "select \"users\" b");
}

TEST(SanitizedSql, LiteralsBecomeQuestionMarks) {
  const auto f = [](std::string_view text, std::string_view want) {
    EXPECT_EQ(sanitized_sql(text), want);
  };
  // conventions
  f("SELECT 12, -12, +12", "SELECT ?, ?, ?");
  f("SELECT 12.34, -12.34, +12.34, .01, -.01", "SELECT ?, ?, ?, ?, ?");
  f("SELECT 12.34e56, -12.34e56, 12.34e-56", "SELECT ?, ?, ?");
  f("SELECT 99+100", "SELECT ??");
  f("SELECT 0xDEADBEEF, 0XdeadBEEF", "SELECT ?, ?");
  f("SELECT 'My name''s not important'", "SELECT ?");
  f("SELECT 'My name is \n not important'", "SELECT ?");
  f("SELECT c3po, r2d2 FROM covid19 WHERE n1h1=1234",
    "SELECT c3po, r2d2 FROM covid19 WHERE n1h1=?");
  f("INSERT INTO X VALUES(1, 23456, 123.456, 99+100)",
    "INSERT INTO X VALUES(?, ?, ?, ??"
    ")");
  f("SELECT { guid '01234567-89ab-cdef-0123-456789abcdef' }", "SELECT { guid ? }");
  f("SELECT * FROM table WHERE value IN (123, 456, 'abc')",
    "SELECT * FROM table WHERE value IN (?, ?, ?)");
  f("SELECT * FROM table WHERE value IN ('abc', 0xAB, .456,",
    "SELECT * FROM table WHERE value IN (?, ?, ?,");
  f("CREATE USER johndoe WITH PASSWORD = 'password';", "CREATE USER johndoe WITH PASSWORD = ?;");
  f("EXEC GetEmployeeById @EmployeeId = 42;", "EXEC GetEmployeeById @EmployeeId = ?;");
  f("SELECT CAST((123) AS INT);", "SELECT CAST((?) AS INT);");
  // PostgreSQL's own
  f("SELECT E'it\\'s', $$secret$$, $x$a $$ b$x$, B'01', U&'\\0041'", "SELECT ?, ?, ?, ?, ?");
  f("SELECT \"a'b\" FROM t", "SELECT \"a'b\" FROM t");
  f("SELECT $1::int, a[1]", "SELECT $1::int, a[?]");
  f("SELECT x'af' || n'a'", "SELECT ? || ?");
  f("SELECT '\\', 1", "SELECT ?");  // it may be one that escapes
}

TEST(SanitizedSql, CommentsGo) {
  EXPECT_EQ(
      sanitized_sql("SELECT column -- end of line comment\nFROM /* block \n comment */ table"),
      "SELECT column \nFROM  table");
  EXPECT_EQ(sanitized_sql("SELECT a /* one /* two */ 'secret' */ FROM t"), "SELECT a  FROM t");
}

TEST(SanitizedSql, ATextCutWithinALiteralShowsNothingOfIt) {
  const auto f = [](std::string_view text, std::string_view want) {
    EXPECT_EQ(sanitized_sql(text), want);
  };
  f("SELECT 'secr", "SELECT ?");
  f("SELECT E'secret\\", "SELECT ?");
  f("SELECT $x$secr", "SELECT ?");
  f("SELECT 1 /* secr", "SELECT ? ");
  f("", "");
}

TEST(SqlSummary, NamesOperationsAndTheirTargets) {
  const auto f = [](std::string_view text, std::string_view want) {
    EXPECT_EQ(sql_summary(text), want) << text;
  };
  // conventions
  f("SELECT 12", "SELECT");
  f("SELECT a FROM dbo.Table JOIN dbo.AnotherTable", "SELECT dbo.Table dbo.AnotherTable");
  f("INSERT INTO X VALUES(1, 23456, 123.456, 99+100)", "INSERT X");
  f("SELECT column -- end of line\nFROM /* block \n comment */ table", "SELECT table");
  f("INSERT INTO shipping_details\n(order_id,\naddress)\nSELECT order_id,\naddress\nFROM   orders\n"
    "WHERE  order_id = 1",
    "INSERT shipping_details SELECT orders");
  f("SELECT order_date\nFROM   (SELECT *\nFROM   orders o\nJOIN customers c\n"
    "ON o.customer_id = c.customer_id)",
    "SELECT SELECT orders customers");
  f("SELEcT order_date\nFROM   (sELECT *\nFROM   orders o\nJOIN customers c\nON 1 = 2)",
    "SELEcT sELECT orders customers");
  f("SELECT * FROM Orders o CROSS JOIN OrderDetails od", "SELECT Orders OrderDetails");
  f("SELECT * FROM Orders o, OrderDetails od", "SELECT Orders OrderDetails");
  f("CREATE  TABLE MyTable (\n    ID NOT NULL IDENTITY(1,1) PRIMARY KEY\n)",
    "CREATE TABLE MyTable");
  f("ALTER  TABLE MyTable ADD Name varchar(255)", "ALTER TABLE MyTable");
  f("DROP  TABLE MyTable", "DROP TABLE MyTable");
  f("SELECT * FROM SelectedData", "SELECT SelectedData");
  f("CREATE UNIQUE CLUSTERED INDEX IX_Employee_Email ON Employees (Email);",
    "CREATE INDEX IX_Employee_Email");
  f("SELECT DISTINCT o.Id FROM Orders o JOIN Customers c ON o.CustomerId = c.Id",
    "SELECT Orders Customers");
  f("CREATE TABLE IF NOT EXISTS Users (Id INT PRIMARY KEY, Name NVARCHAR(100));",
    "CREATE TABLE Users");
  f("CREATE VIEW ActiveUsers AS SELECT * FROM Users WHERE IsActive = 1;",
    "CREATE VIEW ActiveUsers");
  f("CREATE TRIGGER trg_UpdateTimestamp ON Orders AFTER UPDATE AS BEGIN UPDATE Orders SET a = 1",
    "CREATE TRIGGER trg_UpdateTimestamp");
  f("DROP PROCEDURE IF EXISTS RemoveEmployee;", "DROP PROCEDURE RemoveEmployee");
  f("SELECT o.Id, c.Name, SUM(oi.Quantity) FROM Orders o JOIN Customers c ON o.CustomerId = c.Id "
    "JOIN OrderItems oi ON o.Id = oi.OrderId GROUP BY o.Id, c.Name;",
    "SELECT Orders Customers OrderItems");
  f("SELECT DISTINCT Department, COUNT(*) OVER (PARTITION BY Department) AS DeptCount FROM "
    "Employees;",
    "SELECT Employees");
  f("SELECT Id, Name FROM Customers UNION SELECT Id, Name FROM Suppliers ORDER BY Name;",
    "SELECT Customers Suppliers");
  f("CREATE DATABASE TestDb;", "CREATE DATABASE TestDb");
  f("CREATE FUNCTION dbo.GetTotal(@a INT, @b INT) RETURNS INT AS BEGIN RETURN @a + @b; END;",
    "CREATE FUNCTION dbo.GetTotal");
  f("EXEC sp_rename 'OldTable', 'NewTable';", "EXEC sp_rename");
  f("SELECT * FROM T WHERE Id = COALESCE((123), 0);", "SELECT T");
  f("CREATE TABLE Table (Name VARCHAR(255), Code CHAR(10));", "CREATE TABLE Table");
  f("SELECT TOP (10) * FROM Employees", "SELECT Employees");
  f("ALTER  TABLE MyTable 'mypassword' ADD 123 Name varchar(255)", "ALTER TABLE MyTable");
  // ours
  f("UPDATE users SET name = 'x' WHERE id = 1", "UPDATE users");
  f("DELETE FROM ONLY users WHERE id = 1", "DELETE users");
  f("BEGIN", "BEGIN");
  f("SELECT 1; SELECT a FROM b", "SELECT SELECT b");
  f("TRUNCATE TABLE a", "TRUNCATE a");
  f("COPY users (id, name) FROM STDIN", "COPY users");
  f("REFRESH MATERIALIZED VIEW CONCURRENTLY v", "REFRESH v");
  f("SELECT extract(year FROM born), substring(name from 1) FROM people", "SELECT people");
  f("SELECT a FROM t WHERE a IS DISTINCT FROM b", "SELECT t");
  f("SELECT a FROM t WHERE b IN (SELECT c FROM d), e", "SELECT t SELECT d");
  f("WITH old AS (DELETE FROM a RETURNING id) SELECT id FROM old", "DELETE a SELECT old");
  f("INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET b = 2", "INSERT a");
  f("SELECT * FROM a FOR UPDATE", "SELECT a");
  f("SELECT \"x\".\"y z\" FROM \"My Table\"", "SELECT \"My Table\"");
  f("SELECT pg_sleep(1)", "SELECT");
  f("", "");
}

TEST(SqlSummary, IsCutBetweenWords) {
  const std::string long_name(250, 'a');
  EXPECT_EQ(sql_summary("SELECT * FROM " + long_name + " o, OrderDetails od"), "SELECT");
  EXPECT_EQ(sql_summary("DELETE FROM " + std::string(200, 'b') + " USING c"),
            "DELETE " + std::string(200, 'b'));
}

TEST(SanitizedSql, OfMysql) {
  const auto f = [](std::string_view text, std::string_view want) {
    EXPECT_EQ(sanitized_sql(text, SqlDialect::kMysql), want);
  };
  f("SELECT \"secret\", 'it\\'s', 'it''s' FROM `a b`", "SELECT ?, ?, ? FROM `a b`");
  f("SELECT x'af', b'01', N'a', _utf8'b'", "SELECT ?, ?, ?, _utf8?");
  f("SELECT 1 # 'secret'\n, 2 -- secret\n, 5--1", "SELECT ? \n, ? \n, ?-?");
  f("SELECT /* a /* b */ 1, $a FROM b", "SELECT  ?, $a FROM b");
  f("SELECT * FROM a WHERE b = ?", "SELECT * FROM a WHERE b = ?");
  f("SELECT \"cut", "SELECT ?");
  EXPECT_EQ(sanitized_sql("SELECT 'a\\', 'secret'", SqlDialect::kMysqlWithoutBackslashes),
            "SELECT ?, ?");
  const SqlDialect unknown = SqlDialect::kMysqlOfUnknownMode;
  EXPECT_EQ(sanitized_sql("SELECT 'a', 'b\\', 'secret'", unknown), "SELECT ?, ?");
  EXPECT_EQ(sanitized_sql("SELECT 'a', \"b\"", unknown), "SELECT ?, ?");
  EXPECT_EQ(sql_summary("INSERT INTO `a`.b VALUES (\"SELECT x FROM y\")", SqlDialect::kMysql),
            "INSERT `a`.b");
}

// With standard_conforming_strings = off a backslash escapes.
TEST(SanitizedSql, ShowsNothingBehindAQuoteThatMayBeEscaped) {
  EXPECT_EQ(sanitized_sql("SELECT 'it\\'s secret'"), "SELECT ?");
  EXPECT_EQ(sanitized_sql("SELECT 'a\\'' || 'secret' FROM b"), "SELECT ?");
  EXPECT_EQ(sanitized_sql("SELECT 'C:\\dir' FROM b"), "SELECT ? FROM b");
}

TEST(HasPlaceholders, OutsideOfLiterals) {
  EXPECT_TRUE(has_placeholders("SELECT $1"));
  EXPECT_FALSE(has_placeholders("SELECT '$1', $$ $1 $$ -- $1"));
}

}  // namespace
}  // namespace kolben::agent
