namespace Lab.Report.Documents;

/// <summary>Text of any origin, harmless on a terminal.</summary>
public static class PlainText
{
    /// <summary>Left-to-right marks, embeddings, overrides and isolates; line and paragraph separators.</summary>
    private const string Reordering = "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";

    /// <summary>The text with a visible sign for each character that is none; line ends and tabs stay.</summary>
    public static string Clean(string text) => text.Any(IsUnsafe) ? string.Create(text.Length, text, static (clean, raw) =>
    {
        for (int index = 0; index < raw.Length; index++) clean[index] = IsUnsafe(raw[index]) ? SignOf(raw[index]) : raw[index];
    }) : text;

    private static bool IsUnsafe(char one) =>
        (char.IsControl(one) && one is not ('\n' or '\t')) || Reordering.Contains(one, StringComparison.Ordinal);

    private static char SignOf(char one) => one switch
    {
        < ' ' => (char)('\u2400' + one),
        '\x7f' => '\u2421',
        _ => '\ufffd',
    };
}
