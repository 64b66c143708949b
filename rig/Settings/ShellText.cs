namespace Lab.Settings;

/// <summary>Words as a POSIX shell has to be given them.</summary>
public static class ShellText
{
    public static string Of(params IEnumerable<string> words) => string.Join(' ', words.Select(Word));

    private static string Word(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,+@%".Contains(c))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
