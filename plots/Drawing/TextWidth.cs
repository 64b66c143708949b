namespace Lab.Plots;

/// <summary>How wide a text will be, without having the reader's font: by class of character, for the widest of the usual system
/// fonts. Rather too wide than too narrow, so that nothing is clipped.</summary>
internal static class TextWidth
{
    internal static double Of(string text, double fontSize = 13) => text.Sum(Em) * fontSize;

    /// <summary>The text in lines no wider than <paramref name="width"/>, broken between words; a longer word stands
    /// alone.</summary>
    internal static IReadOnlyList<string> Wrap(string text, double fontSize, double width)
    {
        List<string> lines = [];
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines.Count > 0 && Of($"{lines[^1]} {word}", fontSize) <= width) lines[^1] = $"{lines[^1]} {word}";
            else lines.Add(word);
        }

        return lines;
    }

    private static double Em(char c) => c switch
    {
        'i' or 'l' or 'j' or 'I' or '.' or ',' or ':' or ';' or '|' or '!' or '\'' or ' ' => 0.34,
        'f' or 't' or 'r' or '-' or '(' or ')' or '/' => 0.42,
        'm' or 'w' or 'M' or 'W' or '%' or '@' => 0.97,
        >= 'A' and <= 'Z' => 0.74,
        _ => 0.63,
    };
}
