using System.Text;

namespace Lab.Tests.Layout;

/// <summary>C# source with its comments and the text of its literals blanked out, so that a rule sees code only. Lines and
/// columns stay where they are; what stands in the holes of an interpolated string stays code.</summary>
internal static class CodeText
{
    public static string Of(string source)
    {
        StringBuilder code = new(source);
        int end = 0;
        while (end < source.Length) end = Code(source, code, end, closing: '\0');
        return code.ToString();
    }

    /// <summary>Goes on to <paramref name="closing"/>, blanking on the way; the index behind it.</summary>
    private static int Code(string source, StringBuilder code, int at, char closing)
    {
        int nested = 0;
        while (at < source.Length)
        {
            char one = source[at];
            if (closing != '\0' && nested == 0 && one == closing) return at;
            if (one is '{' or '(' or '[') nested++;
            if (one is '}' or ')' or ']') nested--;
            if (StartsWith(source, at, "//")) at = Blank(source, code, at, IndexOf(source, "\n", at));
            else if (StartsWith(source, at, "/*")) at = Blank(source, code, at, IndexOf(source, "*/", at) + 2);
            else if (one == '\'') at = Blank(source, code, at + 1, Closing(source, at + 1, '\'')) + 1;
            else if (one is '"' or '$' or '@' && IsLiteral(source, at)) at = Literal(source, code, at);
            else at++;
        }
        return at;
    }

    private static bool IsLiteral(string source, int at)
    {
        while (at < source.Length && source[at] is '$' or '@') at++;
        return at < source.Length && source[at] == '"';
    }

    private static int Literal(string source, StringBuilder code, int at)
    {
        int dollars = 0;
        bool isVerbatim = false;
        for (; source[at] != '"'; at++)
        {
            if (source[at] == '$') dollars++;
            else isVerbatim = true;
        }
        int quotes = 0;
        while (at < source.Length && source[at] == '"') (quotes, at) = (quotes + 1, at + 1);
        // Two quotes are an empty string, three or more open a raw one.
        if (quotes == 2) return at;
        while (at < source.Length)
        {
            if (quotes == 1 && !isVerbatim && source[at] == '\\') at = Blank(source, code, at, at + 2);
            else if (quotes == 1 && isVerbatim && StartsWith(source, at, "\"\"")) at = Blank(source, code, at, at + 2);
            else if (source[at] == '"' && Run(source, at, '"') >= quotes) return at + Run(source, at, '"');
            else if (dollars > 0 && source[at] == '{')
            {
                int braces = Run(source, at, '{');
                // Doubled, they are braces of the text.
                if (quotes == 1 && braces % 2 == 0 || quotes > 1 && braces < dollars) at = Blank(source, code, at, at + braces);
                else at = Code(source, code, at + braces, '}') + dollars;
            }
            else at = Blank(source, code, at, at + 1);
        }
        return at;
    }

    private static int Closing(string source, int at, char quote)
    {
        while (at < source.Length && source[at] != quote) at += source[at] == '\\' ? 2 : 1;
        return at;
    }

    private static int Run(string source, int at, char of)
    {
        int length = 0;
        while (at + length < source.Length && source[at + length] == of) length++;
        return length;
    }

    private static int Blank(string source, StringBuilder code, int from, int to)
    {
        to = Math.Min(to, source.Length);
        for (int at = from; at < to; at++) if (source[at] != '\n') code[at] = ' ';
        return to;
    }

    private static bool StartsWith(string source, int at, string what) =>
        string.CompareOrdinal(source, at, what, 0, what.Length) == 0;

    private static int IndexOf(string source, string what, int at) =>
        source.IndexOf(what, at, StringComparison.Ordinal) is var found && found < 0 ? source.Length : found;
}
