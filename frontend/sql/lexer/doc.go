// Package lexer cuts SQL text into tokens. It takes a string and gives tokens of
// the participle library, so that the grammar of package sql can run on them.
//
// The scanner never fails: what is no token becomes a token whose type says what
// is wrong (UnterminatedString, StrayCharacter and so on), and the parser turns
// it into a diagnostic. White space and comments give no tokens.
//
// Only reserved words are of type Keyword; their Value is in upper case whatever
// the case in the text. All other words are of type Identifier, and the parser
// tests them where the grammar knows them (ROWS, NULLS, FILTER and many more).
// The Value of every other token is its text, quotes included.
package lexer
