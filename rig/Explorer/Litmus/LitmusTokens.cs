namespace Lab.Explorer.Litmus;

internal enum TokenKind : byte
{
    Word,
    Number,
    Sign,
    End,
}

internal readonly record struct Token(TokenKind Kind, string Text, int Line, bool StartsLine);

/// <summary>Cuts a litmus test into tokens and leaves out comments: <c>(* *)</c> outside of threads, <c>//</c> and
/// <c>/* */</c> anywhere.</summary>
internal static class LitmusTokens
{
    private static readonly string[] Signs =
        ["/\\", "\\/", "==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "->", "++", "--", "+=", "-="];

    internal static List<Token> Of(string text)
    {
        List<Token> tokens = [];
        int line = 1;
        int depth = 0;
        bool isInThread = false;
        bool startsLine = true;
        for (int at = 0; at < text.Length;)
        {
            char c = text[at];
            if (c == '\n')
            {
                (line, startsLine) = (line + 1, true);
                at++;
            }
            else if (char.IsWhiteSpace(c)) at++;
            else if (Follows("//")) while (at < text.Length && text[at] != '\n') at++;
            else if (Follows("/*")) Skip("*/", "/*");
            else if (Follows("(*") && !isInThread) Skip("*)", "(*");
            else if (c == '"') Skip("\"", "\"");
            else if (char.IsLetter(c) || c == '_')
            {
                int end = at;
                while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '_')) end++;
                string word = text[at..end];
                Add(TokenKind.Word, word, end);
                // A thread's head and body are C, where "(*" begins a dereference.
                if (depth == 0 && IsThreadName(word) && NextIs(end, '(')) isInThread = true;
            }
            else if (char.IsDigit(c))
            {
                int end = at;
                while (end < text.Length && char.IsLetterOrDigit(text[end])) end++;
                Add(TokenKind.Number, text[at..end], end);
            }
            else
            {
                string sign = Signs.FirstOrDefault(Follows) ?? c.ToString();
                if (sign == "{") depth++;
                if (sign == "}" && --depth == 0) isInThread = false;
                Add(TokenKind.Sign, sign, at + sign.Length);
            }

            bool Follows(string what) => string.CompareOrdinal(text, at, what, 0, what.Length) == 0;

            void Add(TokenKind kind, string what, int end)
            {
                tokens.Add(new Token(kind, what, line, startsLine));
                (at, startsLine) = (end, false);
            }

            void Skip(string close, string open)
            {
                int opened = line;
                int end = text.IndexOf(close, at + open.Length, StringComparison.Ordinal);
                if (end < 0) throw new LitmusException(opened, $"'{open}' begins what no '{close}' ends");
                line += text.AsSpan(at, end - at).Count('\n');
                at = end + close.Length;
            }
        }
        tokens.Add(new Token(TokenKind.End, "the end of the file", line, true));
        return tokens;

        bool NextIs(int from, char what)
        {
            while (from < text.Length && char.IsWhiteSpace(text[from])) from++;
            return from < text.Length && text[from] == what;
        }
    }

    internal static bool IsThreadName(string word) =>
        word.Length > 1 && word[0] == 'P' && word.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;
}
