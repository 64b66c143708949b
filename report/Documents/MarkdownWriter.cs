using Lab.Settings;

namespace Lab.Report.Documents;

/// <summary>Documents in Markdown for a pull request or a mailing list: legible as it is, prose in lines of at most eighty
/// columns as far as names allow.</summary>
/// <param name="isFile">Whether it stands by itself, with real headings.</param>
public sealed class MarkdownWriter(TextWriter to, bool isFile = false)
{
    private bool _isBegun;
    private bool _isList;

    public void Write(Document document)
    {
        if (isFile) Block($"# {document.Heading ?? document.Title}");
        if (isFile && document.Place.Length > 0) Block(document.Place);
        foreach (Prose sentence in document.Answer.Where(one => one.For != Reader.Page)) Item(sentence.Text);
        foreach ((string what, string command) in document.Next) Item($"{what}: `{command}`", isWhole: true);
        foreach (Part part in document.Parts) Write(part, "");
    }

    private void Write(Part part, string above)
    {
        if (part.For == Reader.Page) return;
        switch (part)
        {
            case Prose prose:
                Item(prose.Text);
                break;
            case Items items:
                foreach (string text in items.Texts) Item(text);
                break;
            case Commands commands:
                foreach (string line in commands.Lines) Item($"{commands.Label}: `{line}`", isWhole: true);
                break;
            case Table { Rows.Count: > 0 } table:
                Block([.. Lines(table.Seen(Reader.Text))]);
                break;
            case Section { Parts.Count: > 0 } section:
                string heading = above.Length > 0 ? $"{above}: {section.Heading}" : section.Heading;
                string note = section.Note.Length > 0 ? $", {section.Note}" : "";
                if (section.Parts[0] is not Section) Block(isFile ? $"## {heading}{note}" : $"**{heading}**{note}");
                foreach (Part inner in section.Parts) Write(inner, inner is Section && section.Parts[0] is Section ? heading
                    : "");
                break;
        }
    }

    /// <summary>Columns are as wide in the text as they are when it is shown.</summary>
    private static IEnumerable<string> Lines(Table table)
    {
        string[][] rows = [.. table.Rows.Where(row => row.Count > 0).Select(row => row.Select(cell =>
            Escape(cell.Words)).ToArray())];
        string[] headers = [.. table.Columns.Select(column => Escape(column.Header))];
        int[] widths = [.. headers.Select((header, index) => rows.Max(row => Math.Max(row[index].Length, header.Length)))];
        yield return Framed(headers);
        yield return $"|{string.Join('|', table.Columns.Select((column, index) =>
            new string('-', Math.Max(1, widths[index]) + 1) + (column.IsNumber ? ":" : "-")))}|";
        foreach (string[] row in rows) yield return Framed(row);

        string Framed(string[] cells) => $"| {string.Join(" | ", cells.Select((cell, index) =>
            table.Columns[index].IsNumber ? cell.PadLeft(widths[index]) : cell.PadRight(widths[index])))} |";
    }

    private static string Escape(string cell) =>
        cell.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");

    private void Item(string text, bool isWhole = false)
    {
        if (_isBegun && !_isList) to.WriteLine();
        (_isBegun, _isList) = (true, true);
        string body = text.Trim(), indent = body.StartsWith("- ", StringComparison.Ordinal) ? "  " : "- ";
        List<string> lines = isWhole ? [body] : TextGrid.Wrap(body, TextGrid.Width - 4, keepsPaths: true);
        to.WriteLine(indent + lines[0]);
        foreach (string line in lines.Skip(1)) to.WriteLine((indent == "- " ? "  " : "    ") + line);
    }

    private void Block(params string[] lines)
    {
        if (_isBegun) to.WriteLine();
        (_isBegun, _isList) = (true, false);
        foreach (string line in lines) to.WriteLine(line);
    }
}
