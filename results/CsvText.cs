using System.Globalization;

namespace Lab.Results;

/// <summary>Text in a cell of a CSV file. A spreadsheet takes what begins as a formula for one, and names come from plugins and
/// from other people's files: such text gets an apostrophe before it, as spreadsheets mark text, and loses it when it is read.
/// Numbers stay as they are.</summary>
public static class CsvText
{
    private const char Mark = '\'';

    /// <summary>The cell of a line, quoted where it must be.</summary>
    public static string Cell(string text)
    {
        string cell = Guard(text);
        return cell.AsSpan().ContainsAny(",\"\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
    }

    internal static string Guard(string text) => IsFormula(text) ? Mark + text : text;

    internal static string Unguard(string text) => text.Length > 0 && text[0] == Mark && IsFormula(text[1..]) ? text[1..] : text;

    /// <summary>What is marked already counts too, so that reading gives back what was written.</summary>
    private static bool IsFormula(string text) =>
        text.TrimStart(Mark) is { Length: > 0 } rest && "=+-@\t\r".Contains(rest[0], StringComparison.Ordinal)
        && !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
