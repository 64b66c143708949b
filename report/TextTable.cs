using Lab.Settings;

namespace Lab.Report;

/// <summary>A column and how its cells stand: numbers to the right.</summary>
public readonly record struct Column(string Header, bool IsNumber = false)
{
    public static IEnumerable<Column> Numbers(params IEnumerable<string> headers) =>
        headers.Select(header => new Column(header, IsNumber: true));

    public static IEnumerable<Column> Texts(params IEnumerable<string> headers) => headers.Select(header => new Column(header));
}

/// <summary>A table before it has a form: for a terminal whose width it fits by itself, or for Markdown.</summary>
public sealed record TextTable(string Title, IReadOnlyList<Column> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    public IEnumerable<string> Text()
    {
        int[] widths = Widths(Rows);
        return
        [
            Line(Headers, widths, TextGrid.Gap).TrimEnd(),
            string.Join(TextGrid.Gap, widths.Select(width => new string('─', width))),
            .. Rows.Select(row => Line(row, widths, TextGrid.Gap).TrimEnd()),
        ];
    }

    /// <param name="isLegible">Columns are as wide in the text as they are when it is shown.</param>
    public IEnumerable<string> Markdown(bool isLegible = false)
    {
        string[][] rows = [.. Rows.Select(row => row.Select(Escape).ToArray())];
        int[] widths = isLegible ? Widths(rows) : new int[Columns.Count];
        IEnumerable<string> rules =
            Columns.Select((column, index) => new string('-', Math.Max(1, widths[index]) + 1) + (column.IsNumber ? ":" : "-"));
        return [Framed(Headers, widths), $"|{string.Join('|', rules)}|", .. rows.Select(row => Framed(row, widths))];
    }

    private string[] Headers => [.. Columns.Select(column => column.Header)];

    private static string Escape(string cell) => cell.Replace("|", "\\|", StringComparison.Ordinal);

    private int[] Widths(IReadOnlyList<IReadOnlyList<string>> rows) =>
        [.. Columns.Select((column, index) => rows.Select(row => row[index].Length).Append(column.Header.Length).Max())];

    private string Framed(IReadOnlyList<string> cells, int[] widths) => $"| {Line(cells, widths, " | ")} |";

    private string Line(IReadOnlyList<string> cells, int[] widths, string between) =>
        string.Join(between,
            cells.Select((cell, index) => Columns[index].IsNumber ? cell.PadLeft(widths[index]) : cell.PadRight(widths[index])));
}
